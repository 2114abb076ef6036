"""GET /api/v1/slots: the starts that are really open, and on request why the others are not."""

import hashlib
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.request import Request

from booking.api import (
    EventType,
    Explained,
    Host,
    SlotPage,
    Withheld,
    bookable_hosts,
    chosen,
    explain_dates,
    get_event_type,
    slots,
)
from booking.api import EventTypeNotFound as NoEventType
from kernel.clock import now as read_now
from portal.api.bodies import parse_slots_query
from portal.api.callers import NothingHere, check_caller
from portal.api.documents import slots_json
from portal.api.view import ApiView
from tenants.api import Tenant, current_tenant


class SlotsView(ApiView):
    """Open to all."""

    def get(self, request: Request) -> HttpResponseBase:
        """Return 200 with the slots of the asked local dates; 304 where `If-None-Match` names that answer.

        Problems 400, 401, 403, 404, 429, 503.
        """
        now = read_now()
        caller = check_caller(request, action="slots", scope=None, now=now)
        query = parse_slots_query(request.query_params)
        event_type = chosen(find_event_type(query.event_type), duration_minutes=query.duration_minutes)
        hosts = bookable_hosts(event_type)
        host, zone = find_host(query.host, hosts=hosts), query.time_zone or current_tenant().time_zone
        page = slots(
            event_type,
            first=query.first,
            last=query.last,
            time_zone=zone,
            now=now,
            host=host,
            explain=query.explain,
        )
        details: list[Explained] = []
        if query.explain and caller.reads:
            details = explain_dates(
                event_type, first=query.first, last=query.last, time_zone=zone, now=now, host=host
            )
        told = _told(without_slots(page, current_tenant()), hosts, explain=query.explain, details=details)
        response: HttpResponseBase = HttpResponse(told.body, content_type="application/json")
        if is_known(told.etag, request.headers.get("If-None-Match", "")):
            response = HttpResponseNotModified()
        response["ETag"] = told.etag
        response["Cache-Control"] = "private, no-cache"  # it may be kept, and is asked about each time
        return response


@dataclass(frozen=True, slots=True)
class _Told:
    """A page as it is sent; the tag is of what it says, so every process gives it the same."""

    body: bytes
    etag: str


_told_before: WeakKeyDictionary[SlotPage, _Told] = (
    WeakKeyDictionary()
)  # a page that is kept is put in words once


def _told(page: SlotPage, hosts: list[Host], *, explain: bool, details: list[Explained]) -> _Told:
    told = None if explain else _told_before.get(page)
    if told is None:
        body = slots_json(page, hosts=hosts, explain=explain, details=details).encode()
        told = _Told(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        if not explain:
            _told_before[page] = told
    return told


def without_slots(page: SlotPage, tenant: Tenant) -> SlotPage:
    """Return the page as it is, or with every slot withheld while the business takes no bookings."""
    reason = tenant.closed_because
    if reason is None:
        return page
    closed = tuple(Withheld(slot.start, reason) for day in page.days.values() for slot in day)
    return replace(page, days={}, withheld=(*page.withheld, *closed))


def is_known(etag: str, if_none_match: str) -> bool:
    """Say whether `If-None-Match` names this tag: one of a list, weak or strong, or "*" (RFC 9110, 13.1.2)."""
    known = parse_etags(if_none_match)
    return known == ["*"] or etag in {each.removeprefix("W/") for each in known}


def find_event_type(slug: str) -> EventType:
    """Return the offered event type; raises NothingHere with the field named."""
    try:
        return get_event_type(slug)
    except NoEventType:
        words = f"There is no meeting type “{slug}” here. Open the booking page to see which there are."
        raise NothingHere(words, errors={"event_type": words}) from None


def find_host(slug: str | None, *, hosts: list[Host]) -> Host | None:
    """Return the host among those of the event type, None when nobody was named; raises NothingHere."""
    if slug is None:
        return None
    for host in hosts:
        if host.slug == slug:
            return host
    words = f"Nobody named “{slug}” offers this meeting type. Leave `host` out, or name one of its hosts."
    raise NothingHere(words, errors={"host": words})
