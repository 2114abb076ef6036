"""Which month a client sees, and what is open in it: one question to the domain, two if nothing is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.api import EventType, Host, SlotPage, slots
from portal.public.months import last_of_month, next_month
from tenants.api import current_tenant

_LOOK_AHEAD = timedelta(days=61)  # the domain answers for at most 62 days at once


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What is open in the month of `first`; `next_open` is the first open day later, asked for if none is."""

    first: date
    today: date
    last_bookable: date
    page: SlotPage
    next_open: date | None


def find_opening(
    event_type: EventType,
    *,
    month: date | None,
    time_zone: str,
    now: datetime,
    host: Host | None,
    leaving: int | None = None,
) -> Opening:
    """Return the wished month, or without a wish the first one in which something is open.

    `month` is the first day of a month; one that lies outside today .. end of the booking window counts as no
    wish. Local dates are those of `time_zone`. `leaving`: a meeting that is to be moved does not stand in its
    own way.
    """
    today = now.astimezone(ZoneInfo(time_zone)).date()
    first_bookable, last_bookable = _bookable_dates(event_type, ZoneInfo(time_zone), now=now)
    wished = month if month and today.replace(day=1) <= month <= last_bookable else None
    first = wished or first_bookable.replace(day=1)

    def ask(start: date, last: date) -> SlotPage:
        return slots(
            event_type, first=start, last=last, time_zone=time_zone, now=now, host=host, leaving=leaving
        )

    page = ask(max(first, today), last_of_month(first))
    opening = Opening(first=first, today=today, last_bookable=last_bookable, page=page, next_open=None)
    return opening if _open_days(page) else _look_ahead(opening, ask, is_wished=wished is not None)


def _bookable_dates(event_type: EventType, shown: ZoneInfo, *, now: datetime) -> tuple[date, date]:
    """Return the first and the last date of the booking window in the zone that is shown. It is counted in dates of the
    business, whose last evening is a day later further east.
    """
    here = ZoneInfo(current_tenant().time_zone)
    first, last = event_type.bookable_dates(now.astimezone(here).date())
    begins = datetime.combine(first, time(), here)
    ends = datetime.combine(last + timedelta(days=1), time(), here) - timedelta(seconds=1)
    return max(begins, now).astimezone(shown).date(), ends.astimezone(shown).date()


def _look_ahead(opening: Opening, ask: Callable[[date, date], SlotPage], *, is_wished: bool) -> Opening:
    """Return the opening with its next open day; without a wish, the opening of that day's month."""
    start = next_month(opening.first)
    if start > opening.last_bookable:
        return opening
    last = min(start + _LOOK_AHEAD, opening.last_bookable)
    later = ask(start, last)
    days = _open_days(later)
    if not days:
        return opening
    found = days[0].replace(day=1)
    if not is_wished and last >= min(last_of_month(found), opening.last_bookable):
        in_month = {day: later.days[day] for day in days if day.replace(day=1) == found}
        return replace(opening, first=found, page=replace(later, days=in_month))
    return replace(opening, next_open=days[0])


def _open_days(page: SlotPage) -> list[date]:
    """Return the days with at least one slot, sorted."""
    return sorted(day for day, found in page.days.items() if found)
