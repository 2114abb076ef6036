"""A recurring series: several dates of one event type for one attendee, all of them or none, in one transaction.

A date that cannot be had refuses the whole, with each such date and the nearest alternatives: nothing is dropped in
silence, the client agrees to substitutions and asks again. One team and one set of rooms takes all dates.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from django.conf import settings

from audit.api import Actor
from booking.attendees import Attendee, Request, checked_request
from booking.cancelling import cancel_within
from booking.choosing import is_one_of_several
from booking.core.limits import UNLIMITED, Limited, counting
from booking.core.policy import bookable
from booking.core.slots import OpenStart, SlotRequest, Withheld, check_start
from booking.errors import BookingNotFound, IdempotencyMismatch, InvalidBooking, SlotRefused
from booking.guard import call, guarded
from booking.models import Booking, EventType, Host, IdempotencyKey, Series
from booking.offers import MOST_DAYS, Slot, alternatives, calendars_at, gather, rules_of, seconds_of
from booking.places import (
    Place,
    Wanted,
    blocked_range,
    booking_values,
    host_choices,
    limits_at,
    meeting_values,
)
from booking.questions import questions_of
from booking.signing import sign, sign_expired
from booking.texting import keep_number
from booking.workflows.new_booking import start_new_booking
from kernel.ids import new_uid
from kernel.reasons import Reason
from tenants.api import current_tenant

_DAY_SECONDS = 24 * 60 * 60
SECONDS_A_DATE = 15  # each date's link is made and tested by a run of its own


@dataclass(frozen=True)
class TakenDate:
    """A date of a series that cannot be had: why, and the open starts nearest to it."""

    start: datetime
    reason: Reason
    alternatives: tuple[Slot, ...]


class SeriesRefused(SlotRefused):
    """Some dates cannot be had, so nothing was booked; `taken` names each, in the order asked for."""

    def __init__(self, taken: Sequence[TakenDate]) -> None:
        dates = "One date" if len(taken) == 1 else f"{len(taken)} dates"
        words = f"{dates} of this series cannot be had. Nothing was booked. Choose another time for each."
        super().__init__(taken[0].reason, alternatives=taken[0].alternatives, words=words)
        self.taken = tuple(taken)


@dataclass(frozen=True)
class BookedSeries:
    """What a request came to, its bookings soonest first; `replayed`: an earlier request had already made it."""

    series: Series
    bookings: tuple[Booking, ...]
    replayed: bool


def book_series(
    event_type: EventType,
    *,
    starts: Sequence[datetime],
    time_zone: str,
    attendee: Attendee,
    guests: Sequence[str],
    answers: Mapping[str, str],
    now: datetime,
    actor: Actor,
    visitor: str,
    host: Host | None = None,
    idempotency_key: str | None = None,
    source: str = Booking.Source.API,
    instead_of: Booking | None = None,
    phone: str = "",
) -> BookedSeries:
    """Take every start for one attendee, or none; `instead_of` is a hold that is given back in the same transaction.

    Raises `SeriesRefused`, `SlotRefused`, `InvalidBooking`, `IdempotencyMismatch`, `Busy`.
    """
    request = checked_request(
        attendee,
        time_zone=time_zone,
        guests=guests,
        answers=answers,
        questions=questions_of(event_type),
        phone=phone,
    )
    starts = [start.astimezone(UTC) for start in starts]
    _check_starts(event_type, starts)
    keys = _keys(idempotency_key, event_type, starts, request, host)
    known = _known(keys)
    if known:
        return known
    try:
        opened = _open_dates(event_type, starts, now=now, host=host, leaving=instead_of)
    except SlotRefused:
        known = _known(keys)  # its own dates may stand in the way; where none do, the guard looks
        if known is None:
            raise
        return known
    wanted = Wanted("", request.time_zone, "awaiting_link", _seconds(len(starts)), request)
    place = Place(event_type, starts[0], host_choices(event_type, opened), visitor, source, keys)

    def take() -> BookedSeries:
        if instead_of is not None:
            _give_back(instead_of, actor=actor)
        return _take(place, starts, wanted, now=now, actor=actor)

    try:
        return guarded(take)
    except _DatesLost as lost:  # the transaction is over, and a hold that it gave back is held again
        dates = [(starts[n - 1], Reason.SLOT_TAKEN) for n in lost.taken]
    except _LimitReached:  # somebody booked since the look: who looks again is told which dates are too many
        _open_dates(event_type, starts, now=now, host=host, leaving=instead_of)
        raise SlotRefused(Reason.LIMIT_REACHED) from None
    raise _refused(event_type, dates, starts=starts, now=now, host=host, held=instead_of)


def cancel_rest(series: Series, *, reason: str, now: datetime, actor: Actor) -> tuple[Booking, ...]:
    """Cancel every confirmed date that lies ahead, in one transaction, each by its own workflow; return them.

    A date that is not confirmed yet stands: it ends by itself, or can be cancelled once it is. Raises `Busy`.
    """

    def cancel_all() -> tuple[Booking, ...]:
        ahead = series_bookings(series).filter(status=Booking.Status.CONFIRMED, meeting__starts_at__gt=now)
        found = tuple(ahead.order_by("meeting_id"))  # meetings are locked in the order of their ids
        for booking in found:
            cancel_within(booking, reason=reason[:1000], by=actor.type, actor=actor, now=now)
        return found

    return guarded(cancel_all)


def series_bookings(series: Series) -> Any:
    """Return the bookings of a series, soonest first, each with its meeting and event type."""
    rows = Booking.objects.filter(series=series).select_related("meeting__event_type")
    return rows.order_by("meeting__starts_at", "pk")


def get_series(uid: str) -> Series:
    """Return the series of that uid; raises `BookingNotFound`."""
    found = Series.objects.select_related("event_type").filter(uid=uid).first()
    if found is None:
        raise BookingNotFound("There is no such series.")
    return found


class _DatesLost(Exception):
    """The guard refused the dates of these numbers (from 1)."""

    def __init__(self, taken: list[int]) -> None:
        super().__init__(taken)
        self.taken = taken


class _LimitReached(Exception):
    """The guard refused the dates together: they are more than a limit allows."""


def _take(
    place: Place, starts: Sequence[datetime], wanted: Wanted, *, now: datetime, actor: Actor
) -> BookedSeries:
    """One call of the guard, then each date's entry and run, in the caller's transaction; raises `_DatesLost` and
    `_LimitReached`."""
    event_type = place.event_type
    dates = [_date(event_type, start) for start in starts]
    values = booking_values(place, wanted)
    limits = limits_at(event_type, starts, {each for choice in place.alternatives for each in choice})
    answer = call(
        "hold_series_within_v1" if limits else "hold_series_v1",
        {"uid": new_uid()},
        {**meeting_values(event_type, starts[0]), "limits": limits},
        dates,
        place.alternatives,
        values,
        *(place.keys or (None, None)),
    )
    match answer["outcome"]:
        case "slot_taken":
            raise _DatesLost([int(n) for n in answer["taken"]])
        case "limit_reached":
            raise _LimitReached
        case "idempotency_mismatch":
            raise IdempotencyMismatch("This Idempotency-Key was used for another request. Use a new key.")
        case "replayed":
            return _replayed(Booking.objects.get(pk=answer["booking"]))
    sign_expired(answer["swept"])
    series = Series.objects.select_related("event_type").get(pk=answer["series"])
    bookings = tuple(series_bookings(series))
    request = wanted.request
    assert request is not None
    keep_number(bookings, request.phone, now=now)
    for number, booking in enumerate(bookings, start=1):
        hosts = list(booking.meeting.hosts.order_by("meetinghost__position"))
        sign(
            "hold_slot",
            meeting_uid=booking.meeting.uid,
            actor=actor,
            payload={
                "booking": booking.uid,
                "event_type": event_type.slug,
                "starts_at": booking.meeting.starts_at.astimezone(UTC).isoformat(),
                "hosts": [str(host.pk) for host in hosts],
                "series": series.uid,
                "number": number,
            },
            attendee=(request.attendee.name, request.attendee.email),
        )
        start_new_booking(booking, actor=actor, now=now, hosts=hosts, texts=bool(request.phone))
    return BookedSeries(series, bookings, replayed=False)


def _date(event_type: EventType, start: datetime) -> dict[str, str]:
    lower, upper = blocked_range(event_type, start)
    return {
        "meeting": new_uid(),
        "booking": new_uid(),
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(minutes=event_type.duration_minutes)).isoformat(),
        "blocked_from": lower.isoformat(),
        "blocked_to": upper.isoformat(),
    }


def _give_back(held: Booking, *, actor: Actor) -> None:
    """Give a hold back inside the transaction that takes its time for the series."""
    words = "The time was taken for a series."
    answer = call("release_v1", held.pk, ["held"], "expired", Reason.HOLD_EXPIRED.value, words, "")
    if answer is not None:
        sign("release_hold", meeting_uid=answer["meeting"], actor=actor, payload={"booking": held.uid})


def _check_starts(event_type: EventType, starts: Sequence[datetime]) -> None:
    """Raise `InvalidBooking` for what no calendar can make right: too many dates, or two that overlap."""
    if not event_type.series_most:
        raise InvalidBooking("This meeting is booked one date at a time.", "starts")
    if not 2 <= len(starts) <= event_type.series_most:
        raise InvalidBooking(f"A series has 2 to {event_type.series_most} dates.", "starts")
    ranges = sorted(blocked_range(event_type, start) for start in starts)
    if any(later[0] < earlier[1] for earlier, later in pairwise(ranges)):
        raise InvalidBooking("Two dates of the series overlap. Choose different times.", "starts")


def _open_dates(
    event_type: EventType,
    starts: Sequence[datetime],
    *,
    now: datetime,
    host: Host | None,
    leaving: Booking | None,
) -> OpenStart:
    """Return who (and which room) can take all dates; raises `SeriesRefused` naming each date that they cannot."""
    if closed := current_tenant().closed_because:
        raise SlotRefused(closed)
    found = _checked(event_type, starts, now=now, host=host, leaving=leaving)
    opened = [each if isinstance(each, OpenStart) else None for each in found]
    hosts = _who_takes_most([each.host_ids for each in opened if each], event_type, dates=len(starts))
    rooms = Counter(room for each in opened if each for room in each.room_ids)
    best = max(rooms.values(), default=0)
    room_ids = tuple(room for room, count in rooms.items() if count == best)
    taken = []
    for start, each in zip(starts, found, strict=True):
        if isinstance(each, Withheld):
            taken.append((start, each.reason))
        elif not set(hosts) & set(each.host_ids) or (room_ids and not set(room_ids) & set(each.room_ids)):
            taken.append((start, Reason.HOST_BUSY))
    if taken:
        raise _refused(event_type, taken, starts=starts, now=now, host=host or _only(hosts), held=leaving)
    return OpenStart(seconds_of(starts[0]), hosts, None, opened[0].needed if opened[0] else (), room_ids)


def _checked(
    event_type: EventType,
    starts: Sequence[datetime],
    *,
    now: datetime,
    host: Host | None,
    leaving: Booking | None,
) -> list[OpenStart | Withheld]:
    """Return who can take each start beside those before it, or why nobody can.

    What notice or window refuses is not read at all, and the others together only where they lie near each other: the
    years between two dates cost nothing. Calendars are asked about all of them at once.
    """
    rules, zone = rules_of(event_type), current_tenant().time_zone
    begins, ends = bookable(rules, zone=zone, now=seconds_of(now))
    seconds = [seconds_of(start) for start in starts]
    requests: dict[int, SlotRequest] = {}
    groups = _near_each_other([second for second in seconds if begins <= second < ends])
    ranges = [(near[0], near[-1] + 1) for near in groups]
    said = calendars_at(event_type, ranges, now=now, host=host)
    for near, between, outside in zip(groups, ranges, said, strict=True):
        request = gather(
            event_type, between=between, now=now, host=host, outside=outside,
            leaving=leaving.meeting_id if leaving else None,
        ).request  # fmt: skip
        requests |= dict.fromkeys(near, request)
    nobody = SlotRequest(rules, zone, hosts=())
    between_seconds = {seconds_of(start) for start in starts if start.microsecond}
    found: dict[int, OpenStart | Withheld] = {}
    used = _UsedBySeries(requests.values(), minutes=event_type.duration_minutes, zone=zone)
    for second in sorted(seconds):
        answer = check_start(
            used.within(requests[second]) if second in requests else nobody, start=second, now=seconds_of(now)
        )
        if isinstance(answer, OpenStart) and second in between_seconds:
            answer = Withheld(second, Reason.OUTSIDE_HOURS)
        if isinstance(answer, OpenStart):
            used.add(answer)
        found[second] = answer
    return [found[second] for second in seconds]


class _UsedBySeries:
    """What is used of the limits of the event type and of each host, with the dates of the series that they take: a
    date that is one too many is so for the page as it is for the guard, which adds them up."""

    def __init__(self, requests: Iterable[SlotRequest], *, minutes: int, zone: str) -> None:
        self._minutes, self._zone = minutes, zone
        self._of_type, self._of_hosts = UNLIMITED, dict[int, Limited]()
        for request in requests:
            self._of_type = _joined(self._of_type, request.limited)
            for host, limited in request.host_limits.items():
                self._of_hosts[host] = _joined(self._of_hosts.get(host, UNLIMITED), limited)

    def within(self, request: SlotRequest) -> SlotRequest:
        return replace(request, limited=self._of_type, host_limits=self._of_hosts)

    def add(self, taken: OpenStart) -> None:
        """Count a date for the event type, and for each host who could take it: one of them takes all dates."""
        counted = partial(counting, starts=[taken.start], minutes=self._minutes, zone=self._zone)
        self._of_type = counted(self._of_type)
        self._of_hosts |= {
            host: counted(self._of_hosts[host]) for host in taken.host_ids if host in self._of_hosts
        }


def _joined(limited: Limited, more: Limited) -> Limited:
    """Return the same limits, with what is used of the periods of both."""
    return Limited(more.limits, {**limited.used, **more.used})


def _near_each_other(seconds: Sequence[int]) -> list[list[int]]:
    """Return the starts ascending, in groups of at most `MOST_DAYS` days."""
    groups: list[list[int]] = []
    for second in sorted(seconds):
        if groups and second - groups[-1][0] < MOST_DAYS * _DAY_SECONDS:
            groups[-1].append(second)
        else:
            groups.append([second])
    return groups


def _who_takes_most(free: Sequence[tuple[int, ...]], event_type: EventType, *, dates: int) -> tuple[int, ...]:
    """Return the hosts who are free on each of the dates, in their order; of a collective, all of them.

    Where nobody is, the one who is free on most and whose turn it is: the dates that they lack are then named.
    """
    if event_type.kind == EventType.Kind.COLLECTIVE:
        return free[0] if free else ()
    days = Counter(host for each in free for host in each)
    most = max(days.values(), default=0)
    best = tuple(host for host, count in days.items() if count == most)
    if most == dates or len(best) < 2:
        return best
    first, *_ = host_choices(event_type, OpenStart(0, best))
    return tuple(first)


def _only(hosts: Sequence[int]) -> Host | None:
    return Host.objects.filter(pk=hosts[0]).first() if len(hosts) == 1 else None


def _refused(
    event_type: EventType,
    taken: Sequence[tuple[datetime, Reason]],
    *,
    starts: Sequence[datetime],
    now: datetime,
    host: Host | None,
    held: Booking | None,
) -> SeriesRefused:
    """Return the refusal that names these dates; what is offered instead of one has a place beside all others."""
    leaving = held.meeting_id if held else None
    refused = {start for start, _ in taken}
    beside = [seconds_of(start) for start in starts if start not in refused]
    groups = _near_each_other([max(seconds_of(now), seconds_of(start)) for start in refused])
    weeks = [(group[0] - _DAY_SECONDS, group[-1] + 7 * _DAY_SECONDS) for group in groups]
    # all at once, not one refused date after the other
    said = calendars_at(event_type, weeks, now=now, host=host)
    outside = {second: answer for group, answer in zip(groups, said, strict=True) for second in group}
    return SeriesRefused(
        [
            TakenDate(
                start,
                reason,
                alternatives(
                    event_type, start=start, now=now, host=host, leaving=leaving, beside=beside,
                    outside=outside[max(seconds_of(now), seconds_of(start))],
                ),
            )
            for start, reason in taken
        ]
    )  # fmt: skip


def _seconds(count: int) -> int:
    return int(settings.HOLDFAST_LINK_SECONDS) + SECONDS_A_DATE * count


def _keys(
    key: str | None, event_type: EventType, starts: Sequence[datetime], request: Request, host: Host | None
) -> tuple[str, str] | None:
    if key is None:
        return None
    parameters = [
        event_type.slug, event_type.duration_minutes, event_type.location_kind,
        *([event_type.location_detail] if is_one_of_several(event_type) else []),
        [start.isoformat() for start in starts], request.attendee.name, request.attendee.email, request.time_zone,
        list(request.guests), dict(request.answers or {}), host.slug if host else None,
        *([request.phone] if request.phone else []),
    ]  # fmt: skip
    return _hash(key), _hash(json.dumps(parameters, sort_keys=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _known(keys: tuple[str, str] | None) -> BookedSeries | None:
    found = (
        IdempotencyKey.objects.filter(key_hash=keys[0]).select_related("booking").first() if keys else None
    )
    if found is None or keys is None:
        return None
    if found.fingerprint != keys[1]:
        raise IdempotencyMismatch("This Idempotency-Key was used for another request. Use a new key.")
    return _replayed(found.booking)


def _replayed(booking: Booking) -> BookedSeries:
    assert booking.series_id is not None  # the fingerprint of a single booking is another
    series = Series.objects.select_related("event_type").get(pk=booking.series_id)
    return BookedSeries(series, tuple(series_bookings(series)), replayed=True)
