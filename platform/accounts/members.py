"""Who may what: roles changed, users deactivated and let in again; there is always an owner left."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.models import ApiKey, Role, User
from audit.api import Actor, record
from kernel.errors import HoldfastError


class LastOwner(HoldfastError):
    """The change would leave the business without an owner; nothing was changed."""


def change_role(user: User, role: str, *, actor: Actor) -> bool:
    """Give a user another role; False when they had it. Raises LastOwner."""
    with transaction.atomic():
        _keep_an_owner(user, leaves=role != Role.OWNER)
        found = User.objects.select_for_update().get(pk=user.pk)
        before = found.role
        if before == role:
            return False
        found.role = role
        found.save(update_fields=["role"])
        payload = {"before": before, "after": role}
        record("change_role", subject=f"user:{user.pk}", actor=actor, payload=payload)
    return True


def deactivate_user(user: User, *, actor: Actor, now: datetime) -> bool:
    """Close an account: its sessions and API keys end at once; False when it was closed. Raises LastOwner."""
    with transaction.atomic():
        _keep_an_owner(user, leaves=True)
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            return False
        keys = ApiKey.objects.filter(created_by=user, revoked_at=None).update(revoked_at=now)
        sessions = end_sessions(user, now=now)
        record(
            "deactivate_user",
            subject=f"user:{user.pk}",
            actor=actor,
            payload={"api_keys_revoked": keys, "sessions_ended": sessions},
            reversible="partial",
            because="The account can be opened again; sessions and API keys stay ended.",
        )
    return True


def reactivate_user(user: User, *, actor: Actor) -> bool:
    """Open a closed account again; False when it was open. Its old sessions and API keys stay ended."""
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            return False
        record("reactivate_user", subject=f"user:{user.pk}", actor=actor, payload={})
    return True


def end_sessions(user: User, *, now: datetime) -> int:
    """Delete every session of `user` in this tenant; return how many. Reads each live session once."""
    ended = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=now).iterator()
        if session.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    Session.objects.filter(pk__in=ended).delete()
    return len(ended)


def _keep_an_owner(user: User, *, leaves: bool) -> None:
    """Lock the owners in one order, and refuse if `user` is the last one; two at once cannot both go."""
    owners = list(User.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("pk"))
    if leaves and [owner.pk for owner in owners] == [user.pk]:
        raise LastOwner("This is the only owner. Make somebody else an owner first.")
