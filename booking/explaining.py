"""Why a start is not offered, in words that name the cause. The reason is the core's (`open_slots`, the function that
lists the slots); here only what it refers to is looked up: which meeting, room, calendar, absence, holiday or limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.catalog import catalog
from booking.core.hours import HostHours, date_range, local_date, open_windows
from booking.core.intervals import ALWAYS, Interval, Intervals, merge
from booking.core.limits import UNLIMITED, UNUSED, Limited, is_full, period_of
from booking.core.policy import booking_window, first_allowed
from booking.core.request import FREE, OpenStart, SlotRequest, Withheld
from booking.core.slots import check_start, open_slots
from booking.holidays_kept import holidays_of
from booking.models import EventType, Host
from booking.offers import gather, seconds_of
from booking.public_holidays import Place, holidays_between, place_words
from kernel.reasons import Reason
from providers.api import NamedBusyTime, busy_by_calendar
from tenants.api import current_tenant

_DAY = timedelta(days=1)
_CLOSED = {
    Reason.TENANT_PAUSED: "Bookings are paused in the settings.",
    Reason.TENANT_SUSPENDED: "The platform has suspended this business.",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A start of the day: open (`reason` None), or withheld for `reason`, in `words`; `host` if it is theirs."""

    start: datetime
    reason: Reason | None
    words: str
    host: Host | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words are made of. Names of calendars are told of `open_hosts` only, of all where it is None."""

    request: SlotRequest
    now: int
    zone: ZoneInfo
    hosts: Mapping[int, Host]
    rooms: Mapping[int, str]  # and equipment: their names
    holidays: Mapping[int, Place | None]
    calendars: Mapping[int, tuple[NamedBusyTime, ...]]
    open_hosts: frozenset[int] | None

    def clock(self, second: int) -> str:
        """Return the time of day in the zone that is shown."""
        return f"{datetime.fromtimestamp(second, self.zone):%H:%M}"

    def day(self, second: int) -> str:
        """Return the date in the zone that is shown: "Tue 24 Nov"."""
        return day_words(local_date(second, zone=self.zone.key))

    def stretch(self, interval: Interval) -> str:
        """Return "13:30–15:00", with the dates where it is longer than a day."""
        start, end = interval
        if end - start >= 86400:
            return f"{self.day(start)} {self.clock(start)} – {self.day(end)} {self.clock(end)}"
        return f"{self.clock(start)}–{self.clock(end)}"


def explain_dates(
    event_type: EventType,
    *,
    first: date,
    last: date,
    time_zone: str,
    now: datetime,
    host: Host | None = None,
    open_hosts: frozenset[int] | None = None,
) -> list[Explained]:
    """Return every start on these dates of `time_zone` that the hours would give, open or withheld, in order.

    Of hosts outside `open_hosts` no calendar is named. What the rules would leave open is withheld while the business
    takes no bookings at all. As many statements as the list of slots, and one more.
    """
    between = date_range(first, last, zone=time_zone)
    request = gather(event_type, between=between, now=now, host=host).request
    found = open_slots(request, between=between, now=seconds_of(now), explain=True)
    facts = _facts(request, between=between, now=now, zone=ZoneInfo(time_zone), open_hosts=open_hosts)
    told = [_explained(each, facts) for each in found.open]
    told += [_explained(each, facts) for each in found.withheld]
    return sorted(told, key=lambda each: each.start)


def explain_start(
    event_type: EventType,
    *,
    start: datetime,
    time_zone: str,
    now: datetime,
    host: Host | None = None,
    open_hosts: frozenset[int] | None = None,
) -> Explained:
    """Return the same of any one start, also of one that no hours give; `time_zone` is that of the words."""
    between = (seconds_of(start), seconds_of(start) + 1)
    request = gather(event_type, between=between, now=now, host=host).request
    found = check_start(request, start=between[0], now=seconds_of(now))
    return _explained(
        found, _facts(request, between=between, now=now, zone=ZoneInfo(time_zone), open_hosts=open_hosts)
    )


def _explained(found: OpenStart | Withheld, facts: Facts) -> Explained:
    if isinstance(found, Withheld):
        host = facts.hosts.get(found.host_id or 0)
        return Explained(_instant(found.start), found.reason, words_for(found, facts), host)
    closed = current_tenant().closed_because
    return Explained(_instant(found.start), closed, _CLOSED[closed] if closed else "Open.")


def words_for(withheld: Withheld, facts: Facts) -> str:
    """Return the sentence that says why, with its cause by name."""
    if withheld.host_id is None:
        return _for_everybody(withheld, facts)
    host = facts.hosts[withheld.host_id]
    hours = next(each for each in facts.request.hosts if each.host_id == host.pk)
    if facts.open_hosts is not None and host.pk not in facts.open_hosts:
        return f"{host.name} is not free then."
    return _for_host(withheld, host, hours, facts)


def _for_everybody(withheld: Withheld, facts: Facts) -> str:
    rules, zone = facts.request.rules, facts.request.zone
    match withheld.reason:
        case Reason.NOTICE_TOO_SHORT:
            first = first_allowed(rules, now=facts.now)
            return f"The minimum notice allows starts from {facts.day(first)} {facts.clock(first)} on."
        case Reason.OUTSIDE_WINDOW:
            if rules.window_dates:
                first_date, last_date = map(day_words, rules.window_dates)
                return f"Bookings are taken from {first_date} to {last_date} only."
            last = local_date(booking_window(rules, zone=zone, now=facts.now)[1], zone=zone) - _DAY
            return f"Bookings are taken {rules.window_days} days ahead, until {day_words(last)}."
        case Reason.LIMIT_REACHED:
            return f"{_limit(withheld.start, facts.request.limited, facts)} of this meeting type is reached."
        case Reason.SEATS_FULL:
            asked = {each.host_id for each in facts.request.hosts}
            if not asked.issuperset(facts.request.sessions[withheld.start].host_ids):
                return "The session at this time is another host’s, and there is one at a start."
            return "Every seat of this session is taken."
        case Reason.HOST_BUSY | Reason.BUFFER:  # of no host: a room's, or a piece of equipment's
            return _rooms(withheld, facts)
    if not facts.request.hosts:
        return "Nobody hosts this meeting type."
    apart = rules.interval_seconds // 60
    return f"No start falls on this time: they are {apart} minutes apart in the hours of the day."


def _rooms(withheld: Withheld, facts: Facts) -> str:
    """Return what each room that is needed has then; where those are free, each of which one is needed."""
    rooms = facts.request.rooms
    meeting, wide = _ranges(withheld.start, facts.request)
    wanted = meeting if withheld.reason is Reason.HOST_BUSY else wide
    in_the_way = {pk: busy for pk, busy in rooms.all_of.items() if _meets(busy, wanted)} or rooms.one_of
    told = [_room(facts.rooms[pk], busy, meeting, wide, facts) for pk, busy in in_the_way.items()]
    return f"{'; '.join(told)}."


def _room(name: str, busy: Intervals, meeting: Interval, wide: Interval, facts: Facts) -> str:
    if ALWAYS in busy:
        return f"{name} is out of use"
    if _meets(busy, meeting):
        return f"{name} is booked {facts.stretch(_met(busy, meeting))}, with buffers"
    return f"{name} is booked {facts.stretch(_met(busy, wide))}, which the buffer would overlap"


def _for_host(withheld: Withheld, host: Host, hours: HostHours, facts: Facts) -> str:
    busy = facts.request.busy.get(host.pk, FREE)
    meeting, wide = _ranges(withheld.start, facts.request)
    match withheld.reason:
        case Reason.DATE_OVERRIDE:
            return _override(withheld.start, host, hours, facts)
        case Reason.OUT_OF_OFFICE:
            return _away(meeting, host, hours, facts)
        case Reason.LIMIT_REACHED:
            limited = facts.request.host_limits.get(host.pk, UNLIMITED)
            return f"{_limit(withheld.start, limited, facts)} of {host.name} is reached."
        case Reason.HOST_BUSY:
            return f"{host.name} is booked {facts.stretch(_met(busy.own, meeting))}, with buffers."
        case Reason.BUFFER:
            return f"The buffer would overlap what {host.name} has booked, {facts.stretch(_met(busy.own, wide))}."
        case Reason.CALENDAR_STALE:
            return f"A calendar of {host.name} cannot be read right now, so nobody knows what is free."
        case Reason.CALENDAR_BUSY:
            return _calendar(wide, host, facts)
    return _hours(withheld.start, host, hours, facts)


def _hours(start: int, host: Host, hours: HostHours, facts: Facts) -> str:
    """Return the hours of the day, which do not hold the whole meeting."""
    day = local_date(start, zone=facts.zone.key)
    begins, ends = between = date_range(day, day, zone=facts.zone.key)
    spans = [
        each for each in merge(open_windows(hours, between=between)) if each[0] < ends and each[1] > begins
    ]
    if not spans:
        return f"{host.name} has no hours on {day_words(day)}."
    told = " and ".join(facts.stretch(each) for each in spans)
    return f"{host.name}’s hours on {day_words(day)} are {told}: they do not hold the whole meeting."


def _override(start: int, host: Host, hours: HostHours, facts: Facts) -> str:
    place, day = facts.holidays.get(host.pk), local_date(start, zone=hours.zone)
    kept = holidays_between(place, day - _DAY, day) if place else {}
    for each in (day, day - _DAY):  # hours past midnight are those of the evening before
        if place and each in kept and hours.overrides.get(each) == ():
            return f"{day_words(each)} is {kept[each]}, a public holiday ({place_words(place)})."
    return f"{host.name} has other hours on this date."


def _away(meeting: Interval, host: Host, hours: HostHours, facts: Facts) -> str:
    dates = {local_date(second, zone=hours.zone) for second in (meeting[0], meeting[1] - 1)}
    whole = [
        each for each in hours.away if each.part is None and any(each[0] <= day <= each[1] for day in dates)
    ]
    if whole:
        return f"{host.name} is out of office until {day_words(max(each.last_date for each in whole))}."
    return f"{host.name} is out of office for a part of {facts.day(meeting[0])}."


def _limit(start: int, limited: Limited, facts: Facts) -> str:
    """Return "The limit of 3 meetings a day", of the limit that this start would break."""
    minutes = facts.request.rules.duration_seconds // 60
    for limit in limited.limits:
        period = period_of(start, period=limit.period, zone=facts.request.zone)
        if is_full(limit, limited.used.get(period, UNUSED), minutes=minutes):
            unit = limit.unit if limit.most > 1 else limit.unit[:-1]
            return f"The limit of {limit.most} {unit} a {limit.period}"
    return "A limit"


def _calendar(wide: Interval, host: Host, facts: Facts) -> str:
    for each in facts.calendars.get(host.pk, ()):
        interval = (seconds_of(each.starts_at), seconds_of(each.ends_at))
        if interval[0] < wide[1] and interval[1] > wide[0]:
            return f"{host.name}’s calendar “{each.calendar}” is busy {facts.stretch(interval)}."
    busy = _met(facts.request.busy.get(host.pk, FREE).calendar, wide)
    return f"{host.name}’s calendar is busy {facts.stretch(busy)}."


def _ranges(start: int, request: SlotRequest) -> tuple[Interval, Interval]:
    """Return the meeting that would start then, without its buffers and with them."""
    rules = request.rules
    end = start + rules.duration_seconds
    return (start, end), (start - rules.buffer_before_seconds, end + rules.buffer_after_seconds)


def _meets(busy: Intervals, wanted: Interval) -> bool:
    return any(start < wanted[1] and end > wanted[0] for start, end in busy)


def _met(busy: Intervals, wanted: Interval) -> Interval:
    """Return the busy time that overlaps the wanted interval, joined where it touches."""
    return next(each for each in merge(busy) if each[0] < wanted[1] and each[1] > wanted[0])


def _facts(
    request: SlotRequest,
    *,
    between: Interval,
    now: datetime,
    zone: ZoneInfo,
    open_hosts: frozenset[int] | None,
) -> Facts:
    offered = catalog()
    hosts = {each.host_id: offered.hosts[each.host_id] for each in request.hosts}
    for session in request.sessions.values():
        hosts |= {each: offered.hosts[each] for each in session.host_ids if each in offered.hosts}
    return Facts(
        request=request,
        now=seconds_of(now),
        zone=zone,
        hosts=hosts,
        rooms={pk: offered.resources[pk].name for pk in (*request.rooms.all_of, *request.rooms.one_of)},
        holidays={
            pk: holidays_of(each.holiday_country, each.holiday_region, business=offered.holidays)
            for pk, each in hosts.items()
        },
        calendars=busy_by_calendar(
            hosts, start=_instant(between[0]) - _DAY, end=_instant(between[1]) + 2 * _DAY
        ),
        open_hosts=open_hosts,
    )


def day_words(day: date) -> str:
    """Return "Tue 24 Nov 2026"."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
