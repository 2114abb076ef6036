"""Why is this time not offered? A meeting type, a day, a host in; each start of the day with its reason in words, and
first the one that was asked for by its time, whether the hours give it or not."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.api import EventType, Explained, Host, bookable_hosts, explain_dates, explain_start
from portal.business.open_times import Offer, read_offer
from portal.business.viewer import Viewer, portal_page
from portal.public.months import parse_day
from portal.public.words import people_words


@dataclass(frozen=True, slots=True)
class Stretch:
    """Starts that follow each other and have the same answer; `is_open` or why not, in words."""

    starts: tuple[Explained, ...]
    words: str
    code: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Nobody:
    """That no start falls on the day, in words; `host` is the only one whom it is about."""

    words: str
    host: Host | None


@require_safe
@portal_page()
def why(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the form, and below it every start of the day; a host asks about themselves only."""
    offer = read_offer(request.GET, viewer)
    day = parse_day(request.GET.get("date", "")) or viewer.today + timedelta(days=1)
    at = _parse_time(request.GET.get("time", ""))
    stretches = _stretches(offer, day, viewer)
    context = {
        "viewer": viewer,
        "here": "meeting_types" if viewer.sees_everything else "hours",
        "offer": offer,
        "day": day,
        "previous": day - timedelta(days=1),
        "following": day + timedelta(days=1),
        "at": at,
        "asked": _asked(offer, day, at, viewer) if at else None,
        "stretches": stretches,
        "nobody": None if stretches or offer.event_type is None else _nobody(offer, offer.event_type),
        "open_count": sum(len(each.starts) for each in stretches if each.is_open),
        "withheld_count": sum(len(each.starts) for each in stretches if not each.is_open),
    }
    return render(request, "business/why.html", context)


def _asked(offer: Offer, day: date, at: time, viewer: Viewer) -> Stretch | None:
    if offer.event_type is None or not offer.hosts:
        return None
    open_hosts = _open_hosts(viewer)
    told = explain_start(
        offer.event_type,
        start=datetime.combine(day, at, viewer.zone),
        time_zone=viewer.zone.key,
        now=viewer.now,
        host=offer.host,
        open_hosts=open_hosts,
    )
    words, code, is_open = _answer(told, open_hosts)
    return Stretch((told,), words, code, is_open=is_open)


def _parse_time(text: str) -> time | None:
    """Return the time of "14:00", to the minute; None when it is none."""
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _open_hosts(viewer: Viewer) -> frozenset[int] | None:
    """Return of whom calendars may be named: of everybody (None), or of the host who asks."""
    return None if viewer.only_host is None else frozenset({viewer.only_host})


def _stretches(offer: Offer, day: date, viewer: Viewer) -> list[Stretch]:
    if offer.event_type is None or not offer.hosts:
        return []
    open_hosts = _open_hosts(viewer)
    told = explain_dates(
        offer.event_type,
        first=day,
        last=day,
        time_zone=viewer.zone.key,
        now=viewer.now,
        host=offer.host,
        open_hosts=open_hosts,
    )
    return [
        Stretch(tuple(group), words, code, is_open=is_open)
        for (words, code, is_open), group in groupby(told, key=lambda each: _answer(each, open_hosts))
    ]


def _nobody(offer: Offer, event_type: EventType) -> Nobody:
    together = event_type.kind == EventType.Kind.COLLECTIVE  # whoever asks: it takes all of them
    hosts = bookable_hosts(event_type) if together else [offer.host] if offer.host else offer.hosts
    names = people_words([host.name for host in hosts]) or "Nobody"
    if len(hosts) < 2:
        return Nobody(f"{names} has no hours on this day that hold a whole meeting.", next(iter(hosts), None))
    common = " in common" if together else ""
    return Nobody(f"{names} have no hours{common} on this day that hold a whole meeting.", None)


def _answer(each: Explained, open_hosts: frozenset[int] | None) -> tuple[str, str, bool]:
    """Return words, code and whether it is open; no code of another host's matter, for it says more than the words."""
    is_theirs = each.host is None or open_hosts is None or each.host.pk in open_hosts
    return each.words, str(each.reason or "") if is_theirs else "", each.reason is None
