"""GET /api/v1/bookings/{uid}, POST …/cancel and …/reschedule: for whoever holds its token, or an API key."""

from booking.api import cancel, move
from django.http import HttpResponseBase
from rest_framework.request import Request

from kernel.clock import now as read_now
from portal.api.answers import answer_of, booking_response, failed_move_problem, wait_for_move
from portal.api.bodies import parse_cancel, parse_reschedule
from portal.api.callers import READ, WRITE, check_booking_caller
from portal.api.view import ApiView


class BookingView(ApiView):
    """One booking, read."""

    def get(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the booking as it stands; problems 401, 403, 404, 429, 503."""
        booking, _ = check_booking_caller(request, uid, scope=READ, now=read_now())
        return booking_response(answer_of(booking.uid), status=200)


class CancelView(ApiView):
    """One booking, cancelled."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the cancelled booking; body {reason?} or none. Problems of GET, 400, 409."""
        now = read_now()
        booking, actor = check_booking_caller(request, uid, scope=WRITE, now=now)
        cancel(booking, reason=parse_cancel(request.data), now=now, actor=actor)
        return booking_response(answer_of(uid), status=200)


class RescheduleView(ApiView):
    """One booking, moved to another start."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the booking and its `move`; body {start, time_zone?}; `Prefer: wait` as in POST.

        The booking keeps its old time until the move is `confirmed`, and manage_url is then a new one. A move
        that fails while waited for is a 409 with its reason. Problems of GET, 400, 409.
        """
        now = read_now()
        booking, actor = check_booking_caller(request, uid, scope=WRITE, now=now)
        wanted = parse_reschedule(request.data)
        move(
            booking, start=wanted.start, time_zone=wanted.time_zone or booking.time_zone, now=now, actor=actor
        )
        answer = wait_for_move(answer_of(uid), header=request.headers.get("Prefer", ""))
        if answer.progress.move is not None and answer.progress.move.status in ("failed", "expired"):
            return failed_move_problem(answer)
        return booking_response(answer, status=200)
