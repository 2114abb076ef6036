"""What goes out: slots, bookings and moves as JSON. Instants are UTC, "2026-11-24T14:30:00Z"."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from booking.api import Booking, Host, Progress, Series, Slot, SlotPage, manage_url, series_url

_LIVE_UNTIL_DEADLINE = ("held", "pending", "awaiting_link")


def instant(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 in UTC, to the second; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def slots_document(page: SlotPage, *, hosts: Iterable[Host], explain: bool) -> dict[str, object]:
    """Return the answer of GET /slots: local dates in order, only those with a slot; `withheld` on request.

    A slot's `hosts` (short names, in the order of `hosts`) is there when more than one host offers this.
    """
    names = {host.pk: host.slug for host in hosts}
    document: dict[str, object] = {
        "time_zone": page.time_zone,
        "slots": {
            day.isoformat(): [slot_document(slot, names=names) for slot in page.days[day]]
            for day in sorted(page.days)
            if page.days[day]
        },
    }
    if explain:
        document["withheld"] = [
            {"start": instant(withheld.start), "reason": str(withheld.reason)}
            for withheld in sorted(page.withheld, key=lambda withheld: withheld.start)
        ]
    return document


def slot_document(slot: Slot, *, names: Mapping[int, str]) -> dict[str, object]:
    """Return one slot; `names` maps host ids to short names, fewer than two of them are not worth showing."""
    document: dict[str, object] = {"start": instant(slot.start), "end": instant(slot.end)}
    if len(names) > 1:
        document["hosts"] = [names[pk] for pk in names if pk in slot.host_ids]
    return document


def booking_document(
    booking: Booking, *, hosts: Iterable[Host], progress: Progress | None
) -> dict[str, object]:
    """Return a booking; the meeting link only once it is confirmed, so it was proven to work (promise 3).

    `progress` None: a booking that was just made, so nothing moves it yet.
    """
    slugs = [host.slug for host in hosts]
    document: dict[str, object] = {
        "uid": booking.uid,
        "status": str(booking.status),
        "start": instant(booking.meeting.starts_at),
        "end": instant(booking.meeting.ends_at),
        "host": slugs[0] if slugs else "",
    }
    if len(slugs) > 1:
        document["hosts"] = slugs
    if rooms := list(booking.meeting.resources.order_by("pk").values_list("name", flat=True)):
        document["rooms"] = rooms
    if booking.meeting.capacity > 1 and booking.seat_number:
        document["seat"] = booking.seat_number
    if booking.status == "confirmed" and booking.meeting.join_url:
        document["meeting_url"] = booking.meeting.join_url
    document["manage_url"] = manage_url(booking)
    if booking.status in _LIVE_UNTIL_DEADLINE and booking.expires_at:
        document["hold_expires_at"] = instant(booking.expires_at)
    if booking.status == "failed":
        document["failure"] = {"code": booking.failure_code, "detail": booking.failure_words}
    if progress and progress.move:
        document["move"] = move_document(progress)
    return document


def series_document(series: Series, bookings: Iterable[Booking]) -> dict[str, object]:
    """Return a series and its dates, soonest first; each date is a booking with a manage_url of its own."""
    return {
        "uid": series.uid,
        "event_type": series.event_type.slug,
        "manage_url": series_url(series),
        "bookings": [
            {
                "uid": booking.uid,
                "status": str(booking.status),
                "start": instant(booking.meeting.starts_at),
                "end": instant(booking.meeting.ends_at),
                "manage_url": manage_url(booking),
            }
            for booking in bookings
        ],
    }


def move_document(progress: Progress) -> dict[str, object] | None:
    """Return the reschedule under way, or the last one: where it wants to go and how far it is."""
    move = progress.move
    if move is None:
        return None
    document: dict[str, object] = {
        "status": str(move.status),
        "start": instant(move.starts_at),
        "end": instant(move.ends_at),
    }
    if move.status == "held" and move.expires_at:
        document["hold_expires_at"] = instant(move.expires_at)
    if move.status == "failed":
        document["failure"] = {"code": move.failure_code, "detail": move.failure_words}
    return document
