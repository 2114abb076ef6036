"""Making a host, with the hours that most people keep, and changing what clients read of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from audit.api import Actor, Json, record
from booking.core.hours import UnknownZone, get_zone
from booking.core.limits import Limit, checked_limits
from booking.models import Host, Resource, Schedule, WeeklyHours
from kernel.errors import HoldfastError
from providers.api import BadAddress, check_mail_address
from tenants.api import current_tenant

NINE_TO_FIVE = (9 * 60, 17 * 60)
WORKDAYS = range(5)  # Monday to Friday
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Profile:
    """What clients read of a host: name, address of the page, role in words; and the zone of the hours."""

    name: str
    slug: str
    email: str
    role: str
    time_zone: str


class InvalidProfile(HoldfastError):
    """The profile cannot be stored; `faults` names each wrong field with a sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


def make_host(name: str, *, email: str, user_id: int | None, active: bool, actor: Actor) -> Host:
    """Store a host with Mon-Fri 09:00-17:00 in the business's zone; inside a transaction."""
    zone = current_tenant().time_zone
    resource = Resource.objects.create(kind=Resource.Kind.HOST, name=name)
    host = Host.objects.create(
        resource=resource,
        name=name,
        slug=_free_slug(name),
        email=email,
        time_zone=zone,
        user_id=user_id,
        active=active,
        position=Host.objects.count(),
    )
    schedule = Schedule.objects.create(host=host, time_zone=zone, is_default=True)
    start, end = NINE_TO_FIVE
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=weekday, start_minute=start, end_minute=end)
        for weekday in WORKDAYS
    )
    payload: dict[str, Json] = {"user": user_id, "active": active, "time_zone": zone}
    record("make_host", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return host


def edit_profile(host: Host, wanted: Profile, *, actor: Actor) -> Host:
    """Change what clients read of a host; the hours follow the zone. Raises InvalidProfile."""
    _check(wanted)
    with transaction.atomic():
        found = Host.objects.select_for_update().get(pk=host.pk)
        before, zone_before = found.slug, found.time_zone
        for name in ("name", "slug", "email", "role", "time_zone"):
            setattr(found, name, getattr(wanted, name))
        try:
            with transaction.atomic():
                found.save()
        except IntegrityError:
            raise InvalidProfile({"slug": "Somebody else has this address. Choose another one."}) from None
        Resource.objects.filter(pk=found.pk).update(name=wanted.name)
        Schedule.objects.filter(host=found, time_zone=zone_before).update(time_zone=wanted.time_zone)
        payload: dict[str, Json] = {
            "before": {"time_zone": zone_before},
            "after": {"time_zone": found.time_zone},
            "link_changed": before != found.slug,
        }
        record("edit_profile", subject=f"host:{found.pk}", actor=actor, payload=payload,
               reversible="partial", because="Names and addresses are not kept.")  # fmt: skip
    return found


def set_host_limits(host: Host, limits: Sequence[Limit], *, actor: Actor) -> bool:
    """Limit how many meetings, or minutes of them, a host takes in a period, whatever their type; False when
    nothing changes. Raises InvalidLimits."""
    wanted: list[Json] = [list(limit) for limit in checked_limits(limits)]
    with transaction.atomic():
        before = Host.objects.select_for_update().get(pk=host.pk).limits
        if before == wanted:
            return False
        Host.objects.filter(pk=host.pk).update(limits=wanted)
        payload: dict[str, Json] = {"before": before, "after": wanted}
        record("set_host_limits", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return True


def remove_waiting_host(host_id: int) -> None:
    """Delete a host whose invitation was withdrawn and who never had a meeting; inside a transaction."""
    waiting = Host.objects.filter(pk=host_id, active=False, user_id=None, meetings=None)
    if waiting.exists():
        waiting.delete()
        Resource.objects.filter(pk=host_id).delete()


def _check(wanted: Profile) -> None:
    faults = {}
    if not wanted.name:
        faults["name"] = "Write the name that clients read."
    if not _SLUG.fullmatch(wanted.slug) or len(wanted.slug) > 60:
        faults["slug"] = "Use small letters, digits and hyphens, at most 60: for example ana-martins."
    try:
        check_mail_address(wanted.email)
    except BadAddress as fault:
        faults["email"] = fault.message
    try:
        get_zone(wanted.time_zone)
    except UnknownZone:
        faults["time_zone"] = "Choose a time zone from the list."
    if faults:
        raise InvalidProfile(faults)


def _free_slug(name: str) -> str:
    """Return a slug made of the name that no host has, with a number behind it if need be."""
    base = slugify(name)[:50].strip("-_").replace("_", "-") or "host"
    taken = set(Host.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug
