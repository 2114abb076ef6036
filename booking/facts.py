"""A booking as plain values, for messages, calendar events and webhooks."""

from datetime import datetime
from typing import Any

from django.conf import settings

from booking.guard import call
from booking.links import book_again_path, event_uid, manage_path, series_path
from booking.messages import BookingFacts, Business, HostFacts
from booking.messages.wording import LONGEST, Wording
from booking.models import Booking, EventType, Host, Meeting
from kernel.rows import from_row
from providers.api import CalendarEvent, Person, mail_sender
from tenants.api import Face, current_face, current_tenant


def load_booking(uid: str, *, to_tell: bool = False) -> Booking:
    """Return a booking with its meeting and event type; `to_tell`: and with what messages say beside it (`company`).

    Raises `Booking.DoesNotExist`. One statement.
    """
    found = call("booking_v2" if to_tell else "booking_v1", uid)
    if found is None:
        raise Booking.DoesNotExist(f"There is no booking {uid}.")
    booking = from_row(Booking, found["booking"])
    booking.meeting = from_row(Meeting, found["meeting"])
    booking.meeting.event_type = from_row(EventType, found["event_type"])
    booking.company = found.get("company")
    return booking


def booking_facts(booking: Booking, *, meeting: Meeting | None = None) -> BookingFacts:
    """Return what every message about a booking is composed from; of a seat that left `meeting`, as it was there.

    One statement, or none for a booking that was loaded to tell of it; one more for a date of a series.
    """
    known = booking.company if meeting is None else None
    meeting = meeting or booking.meeting
    company = known or call("company_v3", meeting.pk, booking.pk)
    face = Face(**company["face"])
    event_type = meeting.event_type
    return BookingFacts(
        business=_business(face, company["voice"]),
        booking_uid=booking.uid,
        event_uid=event_uid(meeting.uid),
        sequence=meeting.sequence,
        event_type=event_type.slug,
        title=event_type.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location_kind=meeting.link_kind,
        location_detail=meeting.link_detail,
        rooms=tuple(company["rooms"]),
        seat_number=booking.seat_number if meeting.capacity > 1 else None,
        attendee=Person(name=booking.attendee_name, email=booking.attendee_email),
        attendee_zone=booking.time_zone,
        hosts=tuple(host_facts(from_row(Host, row)) for row in company["hosts"]),
        manage_url=face.url(manage_path(booking)),
        series_url=face.url(series_path(booking.series)) if booking.series_id and booking.series else "",
        series_starts=_series_starts(booking) if booking.series_id else (),
        book_again_url=face.url(book_again_path(meeting)),
        portal_url=face.url(f"/portal/bookings/{booking.uid}/"),
        description=event_type.description,
        join_url=meeting.join_url if meeting.is_online else "",
        guests=tuple(booking.guests),
        answers=dict(booking.answers),
        is_group=meeting.is_session,
        others_remain=company["others"],
    )


def _series_starts(booking: Booking) -> tuple[datetime, ...]:
    """Return the starts of all dates that stand, for the first of them; () for the others. One query."""
    dates = Booking.objects.filter(series=booking.series_id, status__in=Booking.LIVE)
    found = list(dates.order_by("meeting__starts_at", "pk").values_list("pk", "meeting__starts_at"))
    return tuple(start for _, start in found) if found and found[0][0] == booking.pk else ()


def room_names(meeting: Meeting) -> tuple[str, ...]:
    """Return the names of the rooms and equipment of a meeting. One query."""
    names = meeting.meeting_resources.order_by("resource_id").values_list("resource__name", flat=True)
    return tuple(names)


def place_words(meeting: Meeting) -> str:
    """Return where a meeting takes place, without a link: its rooms, then its address."""
    return ", ".join(part for part in (*room_names(meeting), meeting.location_detail) if part)


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
        location=meeting.join_url if meeting.is_online else place_words(meeting),
        url=meeting.join_url if meeting.is_online else "",
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        time_zone=hosts[0].time_zone,
        organiser=Person(name=current_tenant().name, email=mail_sender().address),  # as in the invite
        attendees=(
            *(Person(name=host.name, email=host.email) for host in hosts),
            *(Person(name=each.attendee_name, email=each.attendee_email) for each in bookings),
        ),
    )


def business_facts() -> Business:
    """Return who writes: the current tenant, as messages name it, in the language and words that it chose.

    Two statements.
    """
    return _business(current_face(), call("voice_v1"))


def _business(face: Face, voice: dict[str, Any]) -> Business:
    chosen = voice["settings"] or {}
    return Business(
        name=face.name,
        accent=face.accent,
        home_url=face.url("/"),
        mail_address=chosen.get("from_address") or settings.HOLDFAST_MAIL_FROM,
        sender_name=chosen.get("sender_name", ""),
        reply_to=chosen.get("reply_to", ""),
        language=chosen.get("language", "en"),
        wordings={
            occasion: Wording(**{name: words[name] for name in LONGEST})
            for occasion, words in voice["words"].items()
        },
    )


def _description(bookings: list[Booking]) -> str:
    return "\n".join(
        f"{question}: {answer}"
        for booking in bookings
        for question, answer in booking.answers.items()
        if answer
    )
