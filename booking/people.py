"""The people of a business: users, hosts and who is invited, joined; and what happens to both at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from accounts.api import (
    Invitation,
    Role,
    User,
    accept_invitation,
    change_role,
    deactivate_user,
    invite,
    reactivate_user,
    withdraw_invitation,
)
from audit.api import Actor, record
from booking.hosting import make_host, remove_waiting_host
from booking.models import Booking, Host, Meeting


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person: an account, a host, both, or an invitation with or without a host that waits.

    `key` names the person in addresses: "u7" (account), "h12" (host without account), "i3" (invitation).
    """

    key: str
    name: str
    email: str
    role: str
    user: User | None
    host: Host | None
    invitation: Invitation | None
    event_type_count: int

    @property
    def is_active(self) -> bool:
        """True when they may sign in, or, without an account, when clients can book them."""
        if self.user is not None:
            return self.user.is_active
        return self.host is not None and self.host.active


def people() -> list[PersonView]:
    """Return everybody: hosts in their order, then the other users, then who is invited. Three queries."""
    counted = Count("event_types", filter=Q(event_types__active=True))
    hosts = list(Host.objects.annotate(event_type_count=counted).order_by("position", "pk"))
    users = list(User.objects.order_by("pk"))
    invitations = list(Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by("pk"))
    user_of = {user.host_id: user for user in users if user.host_id is not None}
    waiting = {each.host_id: each for each in invitations if each.host_id is not None}
    found = [_of_host(host, user_of.get(host.pk), waiting.get(host.pk)) for host in hosts]
    known = {host.pk for host in hosts}
    found += [_of_user(user) for user in users if user.host_id not in known]
    found += [_of_invitation(each) for each in invitations if each.host_id not in known]
    return found


def person(key: str) -> PersonView | None:
    """Return the person of that key; None when there is nobody."""
    return next((each for each in people() if each.key == key), None)


def invite_person(
    email: str,
    *,
    name: str,
    role: str,
    takes_bookings: bool,
    actor: Actor,
    now: datetime,
    host: Host | None = None,
) -> Invitation:
    """Invite somebody, with a host that waits inactive until they accept, or for a host that is there.

    Raises NotInvitable. The mail is the caller's to send, after the commit.
    """
    with transaction.atomic():
        if host is None and (takes_bookings or role == Role.HOST):
            host = make_host(name, email=email.strip(), user_id=None, active=False, actor=actor)
        host_id = host.pk if host else None
        return invite(email, name=name, role=role, host_id=host_id, actor=actor, now=now)


def withdraw_person(invitation_id: int, *, actor: Actor, now: datetime) -> None:
    """Withdraw an invitation; the host that waited for it goes, too. Raises InvitationOver."""
    with transaction.atomic():
        found = withdraw_invitation(invitation_id, actor=actor, now=now)
        if found.host_id is not None:
            remove_waiting_host(found.host_id)


def accept_person(token: str, *, password: str, now: datetime) -> User:
    """Make the account behind an invitation's link, and open its host to bookings. Raises InvitationOver."""
    with transaction.atomic():
        invitation, user = accept_invitation(token, password=password, now=now)
        if invitation.host_id is not None:
            Host.objects.filter(pk=invitation.host_id).update(user_id=user.pk, active=True)
        return user


def give_role(found: PersonView, role: str, *, actor: Actor) -> None:
    """Change an account's role; who becomes a host without one gets it. Raises LastOwner."""
    assert found.user is not None
    with transaction.atomic():
        change_role(found.user, role, actor=actor)
        if role == Role.HOST and found.host is None:
            open_to_bookings(found, actor=actor)


def open_to_bookings(found: PersonView, *, actor: Actor) -> Host:
    """Give an account its host, with the usual hours."""
    assert found.user is not None
    with transaction.atomic():
        user = found.user
        host = make_host(user.name, email=user.email, user_id=user.pk, active=True, actor=actor)
        User.objects.filter(pk=user.pk).update(host_id=host.pk)
        return host


def deactivate_person(found: PersonView, *, actor: Actor, now: datetime) -> None:
    """Close the account and take the host off the pages; what is booked stands. Raises LastOwner."""
    with transaction.atomic():
        if found.user is not None:
            deactivate_user(found.user, actor=actor, now=now)
        _set_active(found.host, active=False, actor=actor)


def reactivate_person(found: PersonView, *, actor: Actor) -> None:
    """Open the account and the host again."""
    with transaction.atomic():
        if found.user is not None:
            reactivate_user(found.user, actor=actor)
        _set_active(found.host, active=True, actor=actor)


def standing_meetings(host: Host, *, now: datetime) -> list[Meeting]:
    """Return the host's live meetings from `now` on, soonest first, with event type and live bookings."""
    return list(
        Meeting.objects.filter(
            hosts=host, released_at=None, ends_at__gt=now, bookings__status__in=Booking.LIVE
        )
        .distinct()
        .select_related("event_type")
        .order_by("starts_at", "pk")
    )


def _set_active(host: Host | None, *, active: bool, actor: Actor) -> None:
    if host is not None and Host.objects.filter(pk=host.pk, active=not active).update(active=active):
        action = "reactivate_host" if active else "deactivate_host"
        payload = {"before": {"active": not active}, "after": {"active": active}}
        record(action, subject=f"host:{host.pk}", actor=actor, payload=payload)


def _of_host(host: Host, user: User | None, invitation: Invitation | None) -> PersonView:
    key = f"u{user.pk}" if user else f"i{invitation.pk}" if invitation and not host.active else f"h{host.pk}"
    role = user.role if user else invitation.role if invitation else Role.HOST.value
    count = int(getattr(host, "event_type_count", 0))
    email = user.email if user else invitation.email if invitation else host.email
    return PersonView(key, host.name, email, role, user, host, invitation, count)


def _of_user(user: User) -> PersonView:
    return PersonView(f"u{user.pk}", user.name, user.email, user.role, user, None, None, 0)


def _of_invitation(each: Invitation) -> PersonView:
    return PersonView(f"i{each.pk}", each.name, each.email, each.role, None, None, each, 0)
