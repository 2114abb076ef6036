"""What a business sets about itself: its face, who may open its page, and the pause. Each change is signed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.api import Actor, Json, record
from tenants.models import Tenant

CHANGEABLE = frozenset(
    {
        "name",
        "tagline",
        "mode",
        "time_zone",
        "accent",
        "access",
        "allowed_domains",
        "requires_second_factor",
    }
)


def change_tenant(tenant: Tenant, *, changes: Mapping[str, Any], actor: Actor) -> bool:
    """Write `changes` (of CHANGEABLE) and a signed entry with what was before; False when nothing differs.

    Inside the tenant's schema. Reversible: the entry holds the old values, and sending them is the inverse.
    """
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"Not a setting of a business: {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        kept = Tenant.objects.select_for_update().get(pk=tenant.pk)
        before = {
            name: getattr(kept, name) for name, value in changes.items() if getattr(kept, name) != value
        }
        if not before:
            return False
        after = {name: changes[name] for name in before}
        Tenant.objects.filter(pk=tenant.pk).update(**after)
        _sign("change_settings", tenant, actor, {"before": before, "after": after})
    for name, value in after.items():
        setattr(tenant, name, value)
    return True


def pause_bookings(tenant: Tenant, *, now: datetime, actor: Actor) -> bool:
    """Take no new bookings from now on; what is booked stands. False when they were paused already."""
    return _set_pause(tenant, now, actor, "pause_bookings")


def resume_bookings(tenant: Tenant, *, actor: Actor) -> bool:
    """Take bookings again; False when they were not paused."""
    return _set_pause(tenant, None, actor, "resume_bookings")


def _set_pause(tenant: Tenant, paused_at: datetime | None, actor: Actor, action: str) -> bool:
    with transaction.atomic():
        is_open = paused_at is not None
        changed = Tenant.objects.filter(pk=tenant.pk, paused_at__isnull=is_open).update(paused_at=paused_at)
        if changed:
            _sign(action, tenant, actor, {})
    tenant.paused_at = paused_at if changed else tenant.paused_at
    return bool(changed)


def _sign(action: str, tenant: Tenant, actor: Actor, payload: Mapping[str, Json]) -> None:
    record(action, subject=f"tenant:{tenant.slug}", actor=actor, payload=payload, reversible="full")
