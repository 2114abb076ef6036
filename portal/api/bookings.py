"""POST /api/v1/bookings: book one start, or every date of a series, once; wait for the outcome if asked to."""

from django.http import HttpResponseBase, JsonResponse
from rest_framework.request import Request

from booking.api import (
    Attendee,
    Booked,
    BookedSeries,
    EventType,
    Host,
    book,
    book_series,
    bookable_hosts,
    chosen,
    recurring_starts,
)
from kernel.clock import now as read_now
from portal.api.answers import booked_response
from portal.api.bodies import NewBooking, parse_idempotency_key, parse_new_booking
from portal.api.callers import WRITE, Caller, check_caller
from portal.api.documents import series_document
from portal.api.problems import InvalidRequest
from portal.api.slots import find_event_type, find_host
from portal.api.view import ApiView
from providers.api import texts_are_on
from tenants.api import current_tenant


class BookingsView(ApiView):
    """Open to all; an API key, if sent, needs `bookings:write`."""

    def post(self, request: Request) -> HttpResponseBase:
        """Return 201 with the booking; problems 400, 401, 403, 404, 409, 413, 415, 422, 429, 503.

        A booking that was lost by the time of the answer (waited for, or replayed) is a 409 with its
        reason. `Idempotency-Replayed: true` marks the answer to a known key.
        """
        caller = check_caller(request, action="bookings", scope=WRITE, now=read_now())
        wanted = parse_new_booking(request.data)
        if wanted.phone and not texts_are_on():
            words = "This business sends no texts. Leave the number out."
            raise InvalidRequest("The body cannot be used. Look at: phone.", errors={"phone": words})
        if wanted.starts or wanted.recurrence:
            return _series_response(_book_series(request, wanted, caller))
        booked = _book(request, wanted, caller)
        response = booked_response(booked, header=request.headers.get("Prefer", ""))
        if response.status_code == 201:
            response["Location"] = f"/api/v1/bookings/{booked.booking.uid}"
        if booked.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _book(request: Request, wanted: NewBooking, caller: Caller) -> Booked:
    key = parse_idempotency_key(request.headers.get("Idempotency-Key"))
    event_type, host = _what(wanted)
    return book(
        event_type,
        start=wanted.start,
        time_zone=wanted.time_zone,
        attendee=Attendee(name=wanted.name, email=wanted.email),
        guests=wanted.guests,
        answers=wanted.answers,
        host=host,
        idempotency_key=key,
        source="api",
        phone=wanted.phone,
        visitor=caller.visitor,
        actor=caller.actor,
        now=read_now(),
    )


def _what(wanted: NewBooking) -> tuple[EventType, Host | None]:
    """Return the meeting type with what was chosen of it, and the host who was named."""
    event_type = find_event_type(wanted.event_type)
    host = find_host(wanted.host, hosts=bookable_hosts(event_type)) if wanted.host else None
    return chosen(event_type, duration_minutes=wanted.duration_minutes, location=wanted.location), host


def _book_series(request: Request, wanted: NewBooking, caller: Caller) -> BookedSeries:
    """Book every date of a series or none; dates of a recurrence keep their wall-clock time at the business."""
    event_type, host = _what(wanted)
    repeats = wanted.recurrence
    starts = wanted.starts
    if repeats:
        starts = recurring_starts(
            wanted.start, every=repeats.every, interval=repeats.interval, count=repeats.count,
            zone=current_tenant().time_zone,
        )  # fmt: skip
    return book_series(
        event_type,
        starts=starts,
        time_zone=wanted.time_zone,
        attendee=Attendee(name=wanted.name, email=wanted.email),
        guests=wanted.guests,
        answers=wanted.answers,
        host=host,
        idempotency_key=parse_idempotency_key(request.headers.get("Idempotency-Key")),
        source="api",
        phone=wanted.phone,
        visitor=caller.visitor,
        actor=caller.actor,
        now=read_now(),
    )


def _series_response(booked: BookedSeries) -> HttpResponseBase:
    response = JsonResponse(series_document(booked.series, booked.bookings), status=201)
    response["Cache-Control"] = "no-store"
    response["Location"] = f"/api/v1/series/{booked.series.uid}"
    if booked.replayed:
        response["Idempotency-Replayed"] = "true"
    return response
