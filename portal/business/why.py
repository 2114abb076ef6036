"""Why is this time not offered? A meeting type, a day, a host in; each start of the day with its reason in words."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.api import Explained, explain_dates
from portal.business.open_times import Offer, read_offer
from portal.business.viewer import Viewer, portal_page
from portal.public.months import parse_day


@dataclass(frozen=True, slots=True)
class Stretch:
    """Starts that follow each other and have the same answer; `is_open` or why not, in words."""

    starts: tuple[Explained, ...]
    words: str
    code: str
    is_open: bool


@require_safe
@portal_page()
def why(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the form, and below it every start of the day; a host asks about themselves only."""
    offer = read_offer(request.GET, viewer)
    day = parse_day(request.GET.get("date", "")) or viewer.today + timedelta(days=1)
    stretches = _stretches(offer, day, viewer)
    context = {
        "viewer": viewer,
        "here": "meeting_types" if viewer.sees_everything else "hours",
        "offer": offer,
        "day": day,
        "previous": day - timedelta(days=1),
        "following": day + timedelta(days=1),
        "stretches": stretches,
        "open_count": sum(len(each.starts) for each in stretches if each.is_open),
        "withheld_count": sum(len(each.starts) for each in stretches if not each.is_open),
    }
    return render(request, "business/why.html", context)


def _stretches(offer: Offer, day: date, viewer: Viewer) -> list[Stretch]:
    if offer.event_type is None or not offer.hosts:
        return []
    open_hosts = None if viewer.only_host is None else frozenset({viewer.only_host})
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


def _answer(each: Explained, open_hosts: frozenset[int] | None) -> tuple[str, str, bool]:
    """Return words, code and whether it is open; no code of another host's matter, for it says more than the words."""
    is_theirs = each.host is None or open_hosts is None or each.host.pk in open_hosts
    return each.words, str(each.reason or "") if is_theirs else "", each.reason is None
