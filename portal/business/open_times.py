"""What can be booked for a client, and when: meeting types, hosts and the open times of a week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from booking.api import EventType, Host, Slot, bookable_hosts, offered_event_types
from booking.api import slots as open_slots
from portal.business.viewer import Viewer
from portal.public.months import parse_day

_WEEK = 7
_LOOK_AHEAD = 28  # days searched for the first open one when no week was asked for


@dataclass(frozen=True, slots=True)
class Offer:
    """The chosen meeting type and host (None: anyone), and what there was to choose from."""

    event_types: tuple[EventType, ...]
    event_type: EventType | None
    hosts: tuple[Host, ...]
    host: Host | None

    @property
    def asks_for_host(self) -> bool:
        """Say whether there is a host to choose."""
        return len(self.hosts) > 1 and self.event_type is not None and self.event_type.kind != "collective"


@dataclass(frozen=True, slots=True)
class OpenTimes:
    """Seven days with their open starts; `previous` is None where the past begins."""

    first: date
    last: date
    days: tuple[tuple[date, tuple[Slot, ...]], ...]
    notices: tuple[str, ...]
    previous: date | None
    following: date

    @property
    def starts(self) -> frozenset[datetime]:
        """All starts on show."""
        return frozenset(slot.start for _, slots in self.days for slot in slots)


def read_offer(typed: Mapping[str, Any], viewer: Viewer) -> Offer:
    """Return what `typed` chooses, within what this viewer may book: a host only for themselves. Two queries."""
    types = offered_event_types()
    if viewer.only_host is not None:
        mine = EventType.objects.filter(hosts=viewer.only_host).values_list("pk", flat=True)
        types = [each for each in types if each.pk in set(mine)]
    event_type = next((each for each in types if each.slug == typed.get("event_type")), None)
    event_type = event_type or (types[0] if types else None)
    if event_type is None:
        return Offer((), None, (), None)
    hosts = bookable_hosts(event_type)
    if viewer.only_host is not None:
        hosts = [host for host in hosts if host.pk == viewer.only_host]
        return Offer(tuple(types), event_type, tuple(hosts), hosts[0] if hosts else None)
    host = next((each for each in hosts if each.slug == typed.get("host")), None)
    return Offer(tuple(types), event_type, tuple(hosts), host)


def open_times(offer: Offer, viewer: Viewer, *, week: str) -> OpenTimes:
    """Return the open times of the asked week, or of the first one that has any; the pages' own function."""
    asked = parse_day(week)
    if offer.event_type is None or not offer.hosts:
        return OpenTimes(viewer.today, viewer.today, (), (), None, viewer.today)
    begins, ends = offer.event_type.bookable_dates(viewer.today)
    farthest = max(ends, viewer.today + timedelta(days=_WEEK))
    first = max(viewer.today, min(asked, farthest)) if asked else begins
    page = open_slots(
        offer.event_type,
        first=first,
        last=first + timedelta(days=(_WEEK if asked else _LOOK_AHEAD) - 1),
        time_zone=viewer.zone.key,
        now=viewer.now,
        host=offer.host,
    )
    if not asked:
        first = min((on for on, slots in page.days.items() if slots), default=first)
    days = [first + timedelta(days=number) for number in range(_WEEK)]
    return OpenTimes(
        first=first,
        last=days[-1],
        days=tuple((on, page.days.get(on, ())) for on in days),
        notices=page.notices,
        previous=max(viewer.today, first - timedelta(days=_WEEK)) if first > viewer.today else None,
        following=first + timedelta(days=_WEEK),
    )
