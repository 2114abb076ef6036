"""What a new business begins with: its administrator, who hosts from nine to five, one meeting type, and a letter.

Registered with onboarding at start-up; each function runs inside the business's schema and can be repeated.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.api import Role, User, password_link
from audit.api import Actor, record
from booking.api import (
    Booking,
    EventType,
    EventTypeHost,
    Host,
    Resource,
    Schedule,
    WeeklyHours,
    invitation_letter,
)
from providers.api import deliver_message, queue_message
from tenants.api import Administrator, Furnishing, Tenant

NINE_TO_FIVE = (9 * 60, 17 * 60)
ONBOARDING = Actor("automation", "onboarding")


def furnishing() -> Furnishing:
    """Return what onboarding is given."""
    return Furnishing(
        person=_person, meeting_type=_meeting_type, invite=_invite, booked=Booking.objects.count
    )


def _person(tenant: Tenant, who: Administrator, now: datetime) -> dict[str, Any]:  # noqa: ARG001  one signature for all
    found = User.objects.filter(email=who.email.lower()).first()
    if found is not None and found.host_id is not None:
        return {"user": found.pk, "host": found.host_id}
    host = _host(tenant, who)
    user = User.objects.create_user(who.email, name=who.name, role=Role.OWNER, host_id=host.pk)
    Host.objects.filter(pk=host.pk).update(user_id=user.pk)
    _sign("administrator.made", f"user:{user.pk}", {"user": user.pk, "host": host.pk})
    return {"user": user.pk, "host": host.pk}


def _host(tenant: Tenant, who: Administrator) -> Host:
    """Make the host with weekly hours from Monday to Friday, 9 to 5 in the business's zone."""
    host = Host.objects.create(
        resource=Resource.objects.create(kind="host", name=who.name),
        name=who.name,
        slug=slugify(who.name)[:60] or "host",
        email=who.email.lower(),
        time_zone=tenant.time_zone,
    )
    schedule = Schedule.objects.create(host=host, time_zone=tenant.time_zone, is_default=True)
    start, end = NINE_TO_FIVE
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=weekday, start_minute=start, end_minute=end)
        for weekday in range(5)
    )
    return host


def _meeting_type(tenant: Tenant, host_id: int, now: datetime) -> dict[str, Any]:  # noqa: ARG001  one signature for all
    event_type, is_new = EventType.objects.get_or_create(
        slug="meeting",
        defaults={
            "title": "30 minute meeting",
            "description": "Half an hour online, in a room of our own: no account, nothing to install.",
            "duration_minutes": 30,
            "slot_interval_minutes": 30,
            "location_kind": EventType.Location.BUILT_IN_ROOM,
        },
    )
    if is_new:
        EventTypeHost.objects.create(event_type=event_type, host_id=host_id)
        _sign("event_type.made", f"event_type:{event_type.pk}", {"slug": event_type.slug, "host": host_id})
    return {"event_type": event_type.pk, "slug": event_type.slug}


def _invite(tenant: Tenant, user_id: int, now: datetime) -> dict[str, Any]:
    """Queue the letter once, then deliver it; its link is the one of the first attempt."""
    user = User.objects.get(pk=user_id)
    with transaction.atomic():
        draft = invitation_letter(tenant, to_name=user.name, to_address=user.email, link=password_link(user))
        message = queue_message(draft, booking_uid="", dedupe_key=f"invitation:{user_id}", now=now)
    delivery = deliver_message(message, now=now)
    return {"message": message, "repeats": delivery.repeats}


def _sign(action: str, subject: str, payload: dict[str, Any]) -> None:
    record(
        action, subject=subject, actor=ONBOARDING, payload=payload,
        reversible="none", because="It is what the business begins with; its people change it in the portal.",
    )  # fmt: skip
