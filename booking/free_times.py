"""When each of several people is next free, whatever the meeting type: one question for all of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from booking.models import EventType, Host
from booking.offers import slots

_LOOK_AHEAD = timedelta(days=13)
_MINUTES = 30


def next_free(hosts: Sequence[Host], *, time_zone: str, now: datetime) -> dict[int, datetime]:
    """Return each host's next free half hour within their hours, by host id, over two weeks.

    Who has none is not in the answer. A fixed number of queries; connected calendars are asked.
    """
    if not hosts:
        return {}
    anything = EventType(
        slug="next-free",
        kind=EventType.Kind.ROUND_ROBIN,
        duration_minutes=_MINUTES,
        slot_interval_minutes=_MINUTES,
        minimum_notice_minutes=0,
        window_days=60,
    )
    today = now.date()
    page = slots(
        anything,
        first=today - timedelta(days=1),
        last=today + _LOOK_AHEAD,
        time_zone=time_zone,
        now=now,
        hosts=hosts,
    )
    found: dict[int, datetime] = {}
    for day in sorted(page.days):
        for slot in page.days[day]:
            for host_id in slot.host_ids:
                found.setdefault(host_id, slot.start)
    return found
