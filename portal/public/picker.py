"""The picker as its template wants it: who and what, a month, a day's times. Pure: values in, values out."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString

from booking.api import AwayNotice, EventType, Host, Slot, durations_of
from portal.public.months import Month, build_month
from portal.public.opening import Opening
from portal.public.words import (
    clock_words,
    day_words,
    duration_words,
    more_places_words,
    people_words,
    place_choices,
    place_words,
)
from portal.public.zones import apart_words, city, offset, zone_options, zone_words


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What is booked and with whom, in words; `more_places` is for where nobody has chosen one yet."""

    slug: str
    title: str
    description: str
    duration: str
    place: str
    more_places: str
    people: str
    is_online: bool


@dataclass(frozen=True, kw_only=True)
class Zone:
    """The zone in which times are shown; `of_host` says how the host's differs, "" when it does not."""

    name: str
    words: str
    of_host: str
    was_chosen: bool
    options: SafeString


@dataclass(frozen=True, kw_only=True)
class TimeChoice:
    """One start: `value` is what the form sends (UTC, ISO 8601), `detail` stands under the time."""

    value: str
    label: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class PartOfDay:
    """The times of a morning, an afternoon or an evening, in order."""

    title: str
    times: tuple[TimeChoice, ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A length or a place to choose: a link that shows the picker with it."""

    label: str
    address: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Picker:
    """Everything on the card. `step` is what a phone shows: "day", or "time" once a day was chosen."""

    offer: Offer
    month: Month
    step: str
    chosen: date | None
    chosen_words: str
    parts: tuple[PartOfDay, ...]
    zone: Zone
    notices: tuple[str, ...]
    gone: str
    next_open: str
    next_open_words: str
    back_to_days: str
    act: str
    post_to: str
    verb: str
    hidden: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    durations: tuple[Choice, ...]
    places: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class AwayWords:
    """That a host is away until a day, and where somebody else's times are; `address` "" names nobody."""

    words: str
    stand_in: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the address asks for; `time_zone` "" means that nobody chose one."""

    month: date | None = None
    day: date | None = None
    time_zone: str = ""
    host: str = ""
    duration: int | None = None
    location: str = ""

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what was chosen of the meeting type, name by name as forms send it; only what was."""
        chosen = (("duration", str(self.duration or "")), ("location", self.location))
        return tuple((name, value) for name, value in chosen if value)


def build_offer(event_type: EventType, hosts: Sequence[Host]) -> Offer:
    """Return the event type in words; a round robin names nobody when more than one could come."""
    names = [host.name for host in hosts]
    is_open = event_type.kind == "round_robin" and len(names) > 1
    return Offer(
        slug=event_type.slug,
        title=event_type.title,
        description=event_type.description,
        duration=duration_words(event_type.duration_minutes),
        place=place_words(event_type),
        more_places=more_places_words(event_type),
        people=f"Whoever of {len(names)} people is free" if is_open else people_words(names),
        is_online=event_type.is_online,
    )


def build_picker(
    offer: Offer,
    opening: Opening,
    *,
    wish: Wish,
    host_zone: str,
    now: datetime,
    act: str,
    post_to: str,
    verb: str,
    event_type: EventType | None = None,
) -> Picker:
    """Return the card. `act` is the picker's own address, `post_to` where a chosen start is sent; `event_type` is
    the stored one where its lengths and places are to be chosen from."""
    page = opening.page
    days = {day: found for day, found in page.days.items() if found}
    day_chosen = wish.day if wish.day in days else min(days, default=None)

    def address(**wanted: str) -> str:
        kept = {"host": wish.host, "time_zone": wish.time_zone, **dict(wish.choices())}
        return f"{act}?{urlencode({name: value for name, value in {**wanted, **kept, **wanted}.items() if value})}"

    month = build_month(
        opening.first,
        open_slots={day: len(found) for day, found in days.items()},
        chosen=day_chosen,
        today=opening.today,
        last_bookable=opening.last_bookable,
        day_address=lambda day: address(month=f"{day:%Y-%m}", date=day.isoformat()),
        month_address=lambda first: address(month=f"{first:%Y-%m}"),
    )
    next_open = opening.next_open
    return Picker(
        offer=offer,
        month=month,
        step="time" if wish.day is not None and day_chosen == wish.day else "day",
        chosen=day_chosen,
        chosen_words=day_words(day_chosen) if day_chosen else "",
        parts=parts_of_day(days[day_chosen], time_zone=page.time_zone, host_zone=host_zone)
        if day_chosen
        else (),
        zone=_zone(page.time_zone, host_zone=host_zone, wish=wish, now=now),
        notices=page.notices,
        gone=day_words(wish.day) if wish.day is not None and wish.day not in days else "",
        next_open=address(month=f"{next_open:%Y-%m}", date=next_open.isoformat()) if next_open else "",
        next_open_words=day_words(next_open) if next_open else "",
        back_to_days=address(month=f"{opening.first:%Y-%m}"),
        act=act,
        post_to=post_to,
        verb=verb,
        kept=tuple(
            (name, value)
            for name, value in (
                ("month", f"{opening.first:%Y-%m}"),
                ("date", wish.day.isoformat() if wish.day else ""),
                ("host", wish.host),
                *wish.choices(),
            )
            if value
        ),
        hidden=(
            ("time_zone", page.time_zone),
            *((("host", wish.host),) if wish.host else ()),
            *wish.choices(),
        ),
        durations=_durations(event_type, wish, address) if event_type else (),
        places=_places(event_type, wish, address) if event_type else (),
    )


def _durations(event_type: EventType, wish: Wish, address: Callable[..., str]) -> tuple[Choice, ...]:
    lengths = durations_of(event_type)
    now = wish.duration if wish.duration in lengths else event_type.duration_minutes
    return tuple(
        Choice(
            label=duration_words(minutes),
            address=address(duration=str(minutes), month=f"{wish.month:%Y-%m}" if wish.month else ""),
            is_chosen=minutes == now,
        )
        for minutes in (lengths if len(lengths) > 1 else ())
    )


def _places(event_type: EventType, wish: Wish, address: Callable[..., str]) -> tuple[Choice, ...]:
    places = place_choices(event_type)
    now = wish.location if wish.location in dict(places) else next(iter(dict(places)), "")
    month = f"{wish.month:%Y-%m}" if wish.month else ""
    day = wish.day.isoformat() if wish.day else ""
    return tuple(
        Choice(
            label=label,
            address=address(location=key, month=month, date=day),
            is_chosen=key == now,
        )
        for key, label in places
    )


def away_words(notices: Sequence[AwayNotice], *, slug: str, today: date) -> tuple[AwayWords, ...]:
    """Return what a client is told of hosts who are away: until when, and whose times to look at."""
    found = []
    for notice in notices:
        address, stand_in = "", notice.stand_in
        if stand_in is not None and notice.offers_it:
            address = f"{reverse('public:pick', args=[slug])}?{urlencode({'host': stand_in.slug})}"
        elif stand_in is not None:
            address = reverse("public:person", args=[stand_in.slug])
        found.append(
            AwayWords(
                words=f"{notice.host.name} is out of office {_away_when(notice, today)}.",
                stand_in=stand_in.name if stand_in else "",
                address=address,
            )
        )
    return tuple(found)


def _away_when(notice: AwayNotice, today: date) -> str:
    first, last = day_words(notice.first_date), day_words(notice.last_date)
    if notice.is_part and notice.first_date == notice.last_date:
        return f"for a part of {first}"
    since = "" if notice.first_date <= today else f"from {first} "
    return f"{'for a part of each day ' if notice.is_part else ''}{since}until {last}"


def parts_of_day(slots: Sequence[Slot], *, time_zone: str, host_zone: str) -> tuple[PartOfDay, ...]:
    """Return the day's starts in up to three parts; an hour that comes twice (autumn) is told apart."""
    zone = ZoneInfo(time_zone)
    repeated = Counter(clock_words(slot.start, time_zone) for slot in slots)
    parts: dict[str, list[TimeChoice]] = {}
    for slot in slots:
        local = slot.start.astimezone(zone)
        label = clock_words(slot.start, time_zone)
        if repeated[label] > 1:
            label = f"{label} {local:%Z}"
        title = "Morning" if local.hour < 12 else "Afternoon" if local.hour < 18 else "Evening"
        detail = slot_detail(slot, time_zone=time_zone, host_zone=host_zone)
        parts.setdefault(title, []).append(
            TimeChoice(value=slot.start.isoformat(), label=label, detail=detail)
        )
    return tuple(PartOfDay(title=title, times=tuple(times)) for title, times in parts.items())


def slot_detail(slot: Slot, *, time_zone: str, host_zone: str) -> str:
    """Return what stands under a time: seats left, or the host's own clock where it differs."""
    if slot.seats_left is not None:
        return "1 seat left" if slot.seats_left == 1 else f"{slot.seats_left} seats left"
    if offset(time_zone, slot.start) == offset(host_zone, slot.start):
        return ""
    return f"{clock_words(slot.start, host_zone)} in {city(host_zone)}"


def common_zone(hosts: Sequence[Host], *, otherwise: str) -> str:
    """Return the zone that all these hosts share; `otherwise` (the tenant's) when they do not."""
    zones = {host.time_zone for host in hosts}
    return zones.pop() if len(zones) == 1 else otherwise


def _zone(name: str, *, host_zone: str, wish: Wish, now: datetime) -> Zone:
    """Return the zone's words; times of a host elsewhere are announced once, over the list."""
    apart = apart_words(name, host_zone, now)
    return Zone(
        name=name,
        words=zone_words(name, now),
        of_host="" if apart == "the same time" else f"Hosted from {city(host_zone)}, {apart}.",
        was_chosen=bool(wish.time_zone),
        options=zone_options(now, chosen=name),
    )
