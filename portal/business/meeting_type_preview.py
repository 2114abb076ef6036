"""What a client would see of a meeting type that is not saved yet: its card, and the next open times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from booking.api import EventType, Host, InvalidRange, Slot, bookable_hosts, slots, unsaved_event_type
from booking.api import Offering as Wanted
from portal.business.viewer import Viewer
from portal.public.picker import Offer, build_offer

_DAYS_LOOKED_AT = 21
_DAYS_SHOWN = 3
_TIMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day with open times; `more` are not shown."""

    date: date
    slots: tuple[Slot, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The client's card, and the next open times in the business's zone; `notices` say what is withheld."""

    offer: Offer
    questions: tuple[str, ...]
    days: tuple[OpenDay, ...]
    notices: tuple[str, ...]
    first: date
    last: date


def build_preview(wanted: Wanted, viewer: Viewer, *, like: EventType | None) -> Preview:
    """Compute the preview of unsaved values; what the slots' own function says, for the chosen hosts."""
    event_type = unsaved_event_type(wanted, like=like)
    hosts = chosen_hosts(wanted, bookable_hosts())
    first = (viewer.now + timedelta(minutes=wanted.minimum_notice_minutes)).astimezone(viewer.zone).date()
    last = first + timedelta(days=_DAYS_LOOKED_AT - 1)
    days: dict[date, tuple[Slot, ...]] = {}
    notices: tuple[str, ...] = ()
    if hosts:
        try:
            page = slots(
                event_type, first=first, last=last, time_zone=viewer.zone.key, now=viewer.now, hosts=hosts
            )
            days, notices = page.days, page.notices
        except InvalidRange as fault:
            notices = (fault.message,)
    shown = sorted(days)[:_DAYS_SHOWN]
    return Preview(
        offer=build_offer(event_type, hosts),
        questions=tuple(question.label for question in wanted.questions),
        days=tuple(
            OpenDay(day, days[day][:_TIMES_SHOWN], max(0, len(days[day]) - _TIMES_SHOWN)) for day in shown
        ),
        notices=notices,
        first=first,
        last=last,
    )


def chosen_hosts(wanted: Wanted, hosts: Sequence[Host]) -> list[Host]:
    """Return the active hosts of the wish, the lowest priority number first, as slots asks them."""
    priority = dict(wanted.hosts)
    chosen = [host for host in hosts if host.pk in priority]
    return sorted(chosen, key=lambda host: (priority[host.pk], host.pk))
