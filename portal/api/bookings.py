"""POST /api/v1/bookings: book one start, once, and wait for the outcome if asked to."""

from django.http import HttpResponseBase
from rest_framework.request import Request

from booking.api import Attendee, Booked, book, bookable_hosts
from kernel.clock import now as read_now
from portal.api.answers import booked_response
from portal.api.bodies import parse_idempotency_key, parse_new_booking
from portal.api.callers import WRITE, Caller, check_caller
from portal.api.slots import find_event_type, find_host
from portal.api.view import ApiView


class BookingsView(ApiView):
    """Open to all; an API key, if sent, needs `bookings:write`."""

    def post(self, request: Request) -> HttpResponseBase:
        """Return 201 with the booking; problems 400, 401, 403, 404, 409, 413, 415, 422, 429, 503.

        A booking that was lost by the time of the answer (waited for, or replayed) is a 409 with its
        reason. `Idempotency-Replayed: true` marks the answer to a known key.
        """
        caller = check_caller(request, action="bookings", scope=WRITE, now=read_now())
        booked = _book(request, caller)
        response = booked_response(booked, header=request.headers.get("Prefer", ""))
        if response.status_code == 201:
            response["Location"] = f"/api/v1/bookings/{booked.booking.uid}"
        if booked.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _book(request: Request, caller: Caller) -> Booked:
    key = parse_idempotency_key(request.headers.get("Idempotency-Key"))
    wanted = parse_new_booking(request.data)
    event_type = find_event_type(wanted.event_type)
    host = find_host(wanted.host, hosts=bookable_hosts(event_type)) if wanted.host else None
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
        visitor=caller.visitor,
        actor=caller.actor,
        now=read_now(),
    )
