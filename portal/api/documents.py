"""What goes out: slots, bookings and moves as JSON. Instants are UTC, "2026-11-24T14:30:00Z"."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache

from booking.api import Booking, Explained, Host, Progress, Series, SlotPage, manage_url, series_url

_LIVE_UNTIL_DEADLINE = ("held", "pending", "awaiting_link")


@lru_cache(maxsize=1 << 14)
def instant(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 in UTC, to the second; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def slots_json(
    page: SlotPage, *, hosts: Iterable[Host], explain: bool, details: Iterable[Explained] = ()
) -> str:
    """Return the answer of GET /slots: local dates in order, only those with a slot; `withheld` on request.

    A slot's `hosts` (short names, in the order of `hosts`) is there when more than one host offers this. `details`
    add to a withheld start whose matter it is and why, for those who may know. Put together as text: a month has
    hundreds of slots, which have few ways to differ.
    """
    names = {host.pk: host.slug for host in hosts}

    @cache
    def tail(host_ids: tuple[int, ...]) -> str:
        if len(names) < 2:
            return "}"
        able = set(host_ids)
        return f',"hosts":{json.dumps([names[pk] for pk in names if pk in able])}}}'

    days = (
        f'"{day}":['
        + ",".join(
            f'{{"start":"{instant(start)}","end":"{instant(end)}"{tail(host_ids)}'
            for start, end, host_ids, _ in page.days[day]
        )
        + "]"
        for day in sorted(page.days)
        if page.days[day]
    )
    document = f'{{"time_zone":{json.dumps(page.time_zone)},"slots":{{{",".join(days)}}}'
    if explain:
        known = {(each.start, each.reason): each for each in details}
        withheld = [
            {"start": instant(start), "reason": str(reason), **_detail(known.get((start, reason)))}
            for start, reason in sorted(page.withheld)
        ]
        document += f',"withheld":{json.dumps(withheld)}'
    return document + "}"


def _detail(told: Explained | None) -> dict[str, str]:
    """Return whose matter a withheld start is, and why; nothing where only the code may be told."""
    if told is None:
        return {}
    return {**({"host": told.host.slug} if told.host else {}), "detail": told.words}


def booking_document(
    booking: Booking, *, hosts: Iterable[Host], progress: Progress | None, has_rooms: bool = True
) -> dict[str, object]:
    """Return a booking; the meeting link only once it is confirmed, so it was proven to work (promise 3).

    `progress` None: a booking that was just made, so nothing moves it yet. `has_rooms` False spares the look for rooms.
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
    rooms = booking.meeting.resources.order_by("pk").values_list("name", flat=True) if has_rooms else ()
    if rooms:
        document["rooms"] = list(rooms)
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
