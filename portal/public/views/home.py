"""The front door: meeting types of one business, or the people of a company; and one person's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.api import EventType, Host, bookable_hosts, get_host, offered_event_types, slots
from kernel.clock import now as read_clock
from portal.public.answers import client_page, is_fragment
from portal.public.forms import read_zone
from portal.public.picker import Offer, build_offer, common_zone
from portal.public.tenant import check_takes_bookings, tenant_of
from portal.public.words import initials, moment_words
from portal.public.zones import zone_words
from portal.rates import check_rate

_SEARCH_FROM = 6  # so many people, and a search field is worth its place
_MANY = 12  # so many, and what stands below them is not seen
_LOOK_AHEAD = timedelta(days=21)


@dataclass(frozen=True, kw_only=True)
class PersonCard:
    """A line of the directory; `next_open` is "" until it was asked for, or when nothing is open."""

    slug: str
    name: str
    role: str
    initials: str
    next_open: str


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A company's face: whoever is free first, its people, its other meeting types, which stand above many people."""

    anyone: Offer | None
    people: tuple[PersonCard, ...]
    others: tuple[Offer, ...]
    has_search: bool
    has_many: bool
    shows_next_open: bool
    zone: str


@require_safe
@client_page
def home(request: HttpRequest) -> HttpResponse:
    """Show what can be booked here; `?next=1` adds when each person is next free."""
    tenant = tenant_of(request)
    check_takes_bookings(tenant)
    offered = offered_event_types()
    if tenant.mode == tenant.Mode.CLIENT_FACING:
        offers = tuple(build_offer(event_type, ()) for event_type in offered)
        return render(request, "public/home.html", {"tenant": tenant, "offers": offers})
    hosts = bookable_hosts()
    directory = build_directory(offered, hosts)
    anyone = _anyone(offered)
    if request.GET.get("next") == "1" and anyone is not None:
        now = read_clock()
        check_rate(request, "slots", now=now)
        zone = read_zone(request) or common_zone(hosts, otherwise=tenant.time_zone)
        next_open = _next_open(anyone, time_zone=zone, now=now)
        directory = build_directory(offered, hosts, next_open=next_open, zone=zone_words(zone, now))
    template = "public/_people.html" if is_fragment(request) else "public/directory.html"
    return render(request, template, {"tenant": tenant, "directory": directory})


@require_safe
@client_page
def person(request: HttpRequest, host: str) -> HttpResponse:
    """Show what can be booked with one person."""
    tenant = tenant_of(request)
    check_takes_bookings(tenant)
    found = get_host(host)
    offers = tuple(
        build_offer(event_type, (found,))
        for event_type in found.event_types.filter(
            active=True, kind__in=("one_on_one", "round_robin", "group")
        )
    )
    context = {"tenant": tenant, "person": _card(found, next_open={}), "offers": offers}
    return render(request, "public/person.html", context)


def build_directory(
    offered: Sequence[EventType],
    hosts: Sequence[Host],
    *,
    next_open: dict[int, str] | None = None,
    zone: str = "",
) -> Directory:
    """Return the company's face; `next_open` (None: nobody asked) is in words by host id, told in `zone`."""
    anyone = _anyone(offered)
    return Directory(
        anyone=build_offer(anyone, hosts) if anyone else None,
        people=tuple(_card(host, next_open=next_open or {}) for host in hosts),
        others=tuple(build_offer(event_type, ()) for event_type in offered if event_type is not anyone),
        has_search=len(hosts) >= _SEARCH_FROM,
        has_many=len(hosts) > _MANY,
        shows_next_open=next_open is not None,
        zone=zone,
    )


def _anyone(offered: Sequence[EventType]) -> EventType | None:
    """Return the meeting type in which whoever is free comes: the first round robin."""
    return next((event_type for event_type in offered if event_type.kind == "round_robin"), None)


def _card(host: Host, *, next_open: dict[int, str]) -> PersonCard:
    return PersonCard(
        slug=host.slug,
        name=host.name,
        role=host.role,
        initials=initials(host.name),
        next_open=next_open.get(host.pk, ""),
    )


def _next_open(event_type: EventType, *, time_zone: str, now: datetime) -> dict[int, str]:
    """Return each host's first open start in words, by host id; one question to the domain."""
    today = now.astimezone(ZoneInfo(time_zone)).date()
    page = slots(event_type, first=today, last=today + _LOOK_AHEAD, time_zone=time_zone, now=now)
    found: dict[int, str] = {}
    for day in sorted(page.days):
        for slot in page.days[day]:
            first = [host_id for host_id in slot.host_ids if host_id not in found]
            if first:
                found.update(dict.fromkeys(first, moment_words(slot.start, time_zone)))
    return found
