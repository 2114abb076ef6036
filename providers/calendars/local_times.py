"""An event's times as iCalendar writes them: local with their zone defined, or in UTC where local time does not say it.

Local with a TZID and its VTIMEZONE (RFC 5545 3.3.5, form 3), so that whoever edits the event, or repeats it, does so
in the zone in which it takes place. UTC in a repeated hour (RFC 5545 means its first pass; ical.js reads the second),
with an offset that has seconds (ical.js drops them), and where `vtimezone` has no component to offer. Pure.
"""

from datetime import UTC, datetime

from icalendar import Timezone

from providers.calendars.vtimezone import vtimezone
from providers.calendars.zones import zone_named

_UTC = ("UTC", "Etc/UTC")


def local_times(
    starts_at: datetime, ends_at: datetime, *, time_zone: str
) -> tuple[Timezone | None, datetime, datetime]:
    """Return the VTIMEZONE to put into the file, and start and end to write; None with both times in UTC."""
    zone = zone_named(time_zone)
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    component = None
    if zone.key not in _UTC and _is_plain(start) and _is_plain(end):
        component = vtimezone(zone.key, first=starts_at, last=ends_at)
    if component is None:
        return None, starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    return component, start, end


def _is_plain(local: datetime) -> bool:
    """Say whether a local time names one instant, by an offset of whole minutes."""
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and first == second and first.total_seconds() % 60 == 0
