"""Which calendar of a host is busy when, by its name: for people who look for the reason, from the index alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from providers.models.calendars import BusyTime


@dataclass(frozen=True, slots=True)
class NamedBusyTime:
    """A busy time of a calendar: half-open, UTC."""

    calendar: str
    starts_at: datetime
    ends_at: datetime


def busy_by_calendar(
    host_ids: Iterable[int], *, start: datetime, end: datetime
) -> dict[int, tuple[NamedBusyTime, ...]]:
    """Return the busy times of the hosts’ conflict calendars that overlap [start, end), by host; one query."""
    found: defaultdict[int, list[NamedBusyTime]] = defaultdict(list)
    rows = BusyTime.objects.filter(
        calendar__host_id__in=list(host_ids), calendar__reads_busy=True, starts_at__lt=end, ends_at__gt=start
    ).order_by("starts_at", "ends_at")
    for host_id, name, starts_at, ends_at in rows.values_list(
        "calendar__host_id", "calendar__name", "starts_at", "ends_at"
    ):
        found[host_id].append(NamedBusyTime(name, starts_at, ends_at))
    return {host_id: tuple(times) for host_id, times in found.items()}
