"""Who is out of office while a client looks, until when, and whom the client may ask instead. No query: the catalog.

Said only where nobody else of the meeting type could come: for one host, or for all of a collective meeting. A part of
the day is said where somebody stands in; without, its times are missing like any others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from booking.catalog import Catalog, catalog
from booking.models import EventType, Host, OutOfOffice

MOST_NOTICES = 3  # of one host


@dataclass(frozen=True, slots=True)
class AwayNotice:
    """A host who is away from `first_date` to `last_date`, all day or for a part of each; `stand_in` takes meetings
    meanwhile, of this type too if `offers_it`."""

    host: Host
    first_date: date
    last_date: date
    is_part: bool
    stand_in: Host | None
    offers_it: bool


def away_notices(
    event_type: EventType, hosts: Sequence[Host], *, first: date, last: date
) -> tuple[AwayNotice, ...]:
    """Return who of the hosts that are all needed is away on one of these dates, and when, the next absences first."""
    if len(hosts) > 1 and event_type.kind != EventType.Kind.COLLECTIVE:
        return ()
    offered = catalog()
    found: list[AwayNotice] = []
    for host in hosts:
        ahead = [
            row for row in offered.away.get(host.pk, ()) if row.first_date <= last and row.last_date >= first
        ]
        notices = [_notice(row, host, event_type, offered) for row in sorted(ahead, key=_first_date)]
        found += [each for each in notices if each.stand_in or not each.is_part][:MOST_NOTICES]
    return tuple(found)


def _first_date(row: OutOfOffice) -> date:
    return row.first_date


def _notice(row: OutOfOffice, host: Host, event_type: EventType, offered: Catalog) -> AwayNotice:
    stand_in = offered.hosts.get(row.redirect_id or 0)
    if stand_in is not None and not stand_in.active:
        stand_in = None
    offers_it = stand_in is not None and stand_in in offered.bookable(event_type.pk)
    return AwayNotice(host, row.first_date, row.last_date, row.start_minute is not None, stand_in, offers_it)
