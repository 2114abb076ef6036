"""A booking as plain values, for messages, calendar events and webhooks."""

from django.conf import settings

from booking.links import event_uid, manage_url
from booking.messages import BookingFacts, Business, HostFacts
from booking.models import Booking, EventType, Host, Meeting
from providers.api import CalendarEvent, Person
from tenants.api import current_tenant, tenant_url


def load_booking(uid: str) -> Booking:
    """Return a booking with its meeting and event type; raises `Booking.DoesNotExist`."""
    return Booking.objects.select_related("meeting__event_type").get(uid=uid)


def booking_facts(booking: Booking, *, meeting: Meeting | None = None) -> BookingFacts:
    """Return what every message about a booking is composed from; of a seat that left `meeting`, as it was there."""
    meeting = meeting or booking.meeting
    event_type = meeting.event_type
    return BookingFacts(
        business=business_facts(),
        booking_uid=booking.uid,
        event_uid=event_uid(meeting.uid),
        sequence=meeting.sequence,
        event_type=event_type.slug,
        title=event_type.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location_kind=meeting.location_kind,
        location_detail=meeting.location_detail,
        attendee=Person(name=booking.attendee_name, email=booking.attendee_email),
        attendee_zone=booking.time_zone,
        hosts=tuple(host_facts(host) for host in meeting.hosts.order_by("meetinghost__position")),
        manage_url=manage_url(booking),
        book_again_url=tenant_url(None, f"/book/{event_type.slug}/"),
        portal_url=tenant_url(None, f"/portal/bookings/{booking.uid}/"),
        description=event_type.description,
        join_url=meeting.join_url if meeting.is_online else "",
        guests=tuple(booking.guests),
        answers=dict(booking.answers),
        is_group=event_type.kind == EventType.Kind.GROUP,
        others_remain=meeting.bookings.filter(status=Booking.Status.CONFIRMED)
        .exclude(pk=booking.pk)
        .exists(),
    )


def host_facts(host: Host) -> HostFacts:
    """Return a host as messages name them."""
    return HostFacts(name=host.name, email=host.email, time_zone=host.time_zone)


def calendar_event(meeting: Meeting) -> CalendarEvent:
    """Return the event that stands in its hosts' calendars, with every attendee who has a place."""
    hosts = list(meeting.hosts.order_by("meetinghost__position"))
    bookings = list(meeting.bookings.filter(status=Booking.Status.CONFIRMED).order_by("pk"))
    names = ", ".join(booking.attendee_name for booking in bookings)
    return CalendarEvent(
        uid=event_uid(meeting.uid),
        sequence=meeting.sequence,
        title=f"{meeting.event_type.title}: {names}" if names else meeting.event_type.title,
        description=_description(bookings),
        location=meeting.join_url if meeting.is_online else meeting.location_detail,
        url=meeting.join_url if meeting.is_online else "",
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        time_zone=hosts[0].time_zone,
        organiser=Person(name=current_tenant().name, email=settings.HOLDFAST_MAIL_FROM),  # as in the invite
        attendees=(
            *(Person(name=host.name, email=host.email) for host in hosts),
            *(Person(name=each.attendee_name, email=each.attendee_email) for each in bookings),
        ),
    )


def business_facts() -> Business:
    """Return who writes: the current tenant, as messages name it."""
    tenant = current_tenant()
    return Business(
        name=tenant.name,
        accent=tenant.accent,
        home_url=tenant_url(tenant, "/"),
        mail_address=settings.HOLDFAST_MAIL_FROM,
    )


def _description(bookings: list[Booking]) -> str:
    return "\n".join(
        f"{question}: {answer}"
        for booking in bookings
        for question, answer in booking.answers.items()
        if answer
    )
