"""The list of bookings: search, filter, days, pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.api import Booking, EventType, Host
from booking.api import bookings as find_bookings
from portal.business.viewer import Viewer, portal_page
from portal.business.words import BOOKING
from portal.public.months import parse_day
from tenants.api import tenant_url

SCOPES = {"coming": "Coming", "past": "Past", "all": "All"}
_LONGEST_SEARCH = 200
_SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BookingQuery:
    """What the address asks for; anything unknown in it falls back to the plain list of coming bookings."""

    search: str = ""
    status: str = ""
    scope: str = "coming"
    page: int = 1
    host: str = ""
    event_type: str = ""
    first: date | None = None
    last: date | None = None

    @classmethod
    def parse(cls, asked: QueryDict) -> "BookingQuery":
        """Read what the query string asks for; never raises. Hosts and meeting types are slugs."""
        status, scope, page = asked.get("status", ""), asked.get("scope", ""), asked.get("page", "")
        return cls(
            search=asked.get("search", "").replace("\0", "").strip()[:_LONGEST_SEARCH],
            status=status if status in BOOKING else "",
            scope=scope if scope in SCOPES else "coming",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 and int(page) else 1,
            host=_slug(asked.get("host", "")),
            event_type=_slug(asked.get("event_type", "")),
            first=parse_day(asked.get("first", "")),
            last=parse_day(asked.get("last", "")),
        )

    @property
    def filters(self) -> int:
        """How many filters narrow the list, the search aside."""
        return sum(map(bool, (self.status, self.host, self.event_type, self.first, self.last)))

    @property
    def narrows(self) -> bool:
        """True when something besides the scope was asked for."""
        return bool(self.search or self.filters)

    def days(self, today: date) -> tuple[date | None, date | None]:
        """Return the first and last day of the list, both included; None is open."""
        first = today if self.scope == "coming" else None
        last = today - timedelta(days=1) if self.scope == "past" else None
        firsts = [day for day in (first, self.first) if day]
        lasts = [day for day in (last, self.last) if day]
        return max(firsts, default=None), min(lasts, default=None)

    def address(self, **changes: object) -> str:
        """Return the query string of this question with `changes`; what is at its default stays out."""
        asked = {
            "search": self.search,
            "status": self.status,
            "host": self.host,
            "event_type": self.event_type,
            "first": self.first or "",
            "last": self.last or "",
            "scope": self.scope,
            "page": self.page,
            **changes,
        }
        plain = {"scope": "coming", "page": 1}
        return "?" + urlencode({name: value for name, value in asked.items() if value != plain.get(name, "")})


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the list: where it goes, what it says, whether it is where we are."""

    address: str
    label: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The bookings of one day at the business."""

    date: date
    bookings: tuple[Booking, ...]


@require_safe
@portal_page()
def bookings(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the bookings that the viewer may see, by day, in the business's zone."""
    query = BookingQuery.parse(request.GET)
    first, last = query.days(viewer.today)
    page = find_bookings(
        search=query.search,
        status=query.status or None,
        first=first,
        last=last,
        page=query.page,
        host_id=viewer.only_host,
        with_host=query.host,
        event_type=query.event_type,
        latest_first=query.scope == "past",
    )
    context = {
        "viewer": viewer,
        "here": "bookings",
        "query": query,
        "page": page,
        "days": by_day(page.rows, viewer),
        "scopes": [
            Link(query.address(scope=scope, page=1), label, scope == query.scope)
            for scope, label in SCOPES.items()
        ],
        "statuses": BOOKING.items(),
        "hosts": Host.objects.values_list("slug", "name") if viewer.sees_everything else (),
        "event_types": EventType.objects.values_list("slug", "title"),
        "plain": query.address(search="", status="", host="", event_type="", first="", last="", page=1),
        "older": query.address(page=page.page + 1) if page.page < page.pages else "",
        "newer": query.address(page=page.page - 1) if page.page > 1 else "",
        "page_address": tenant_url(viewer.tenant, "/"),
    }
    return render(request, "business/bookings.html", context)


def by_day(rows: Iterable[Booking], viewer: Viewer) -> list[Day]:
    """Group bookings that follow each other by the date of their start at the business."""

    def starts_on(booking: Booking) -> date:
        return booking.meeting.starts_at.astimezone(viewer.zone).date()

    return [Day(on, tuple(group)) for on, group in groupby(rows, key=starts_on)]


def _slug(text: str) -> str:
    return text if _SLUG.fullmatch(text) else ""
