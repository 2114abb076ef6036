"""GET /api/v1/bookings/{uid}, POST …/cancel and …/reschedule: for whoever holds its token, or an API key;
POST …/approve and …/decline: for an API key."""

from django.http import HttpResponseBase
from rest_framework.request import Request

from booking.api import NotChangeable, approve, cancel, decline, get_booking, move
from kernel.clock import now as read_now
from portal.api.answers import (
    answer_of,
    booking_response,
    lost_move_problem,
    wait_for_move,
    wait_for_outcome,
)
from portal.api.bodies import parse_cancel, parse_reschedule
from portal.api.callers import READ, WRITE, NothingHere, check_booking_caller, check_key_caller, follows_move
from portal.api.view import ApiView


class BookingView(ApiView):
    """One booking, read."""

    def get(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the booking as it stands; problems 401, 403, 404, 429, 503.

        The token that a reschedule of the last ten minutes made void still tells what became of it, without any link.
        """
        now = read_now()
        try:
            booking, _ = check_booking_caller(request, uid, scope=READ, now=now)
        except NothingHere:
            moved = follows_move(request, uid, now=now)
            if moved is None:
                raise
            return booking_response(answer_of(moved.uid), status=200, with_links=False)
        return booking_response(answer_of(booking.uid), status=200)


class ApproveView(ApiView):
    """One pending booking, approved by the business's own program."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the booking; `Prefer: wait` as in POST /bookings. An API key only: a manage token is the
        client's. Problems 401, 403, 404, 429, 503; 409 when it is not pending any more."""
        now = read_now()
        booking, actor = check_key_caller(request, uid, scope=WRITE, now=now)
        approve(booking, now=now, actor=actor)
        return booking_response(
            wait_for_outcome(answer_of(uid), header=request.headers.get("Prefer", "")), status=200
        )


class DeclineView(ApiView):
    """One pending booking, declined by the business's own program."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the declined booking; body {reason?} or none. Problems as of approve, and 400."""
        now = read_now()
        booking, actor = check_key_caller(request, uid, scope=WRITE, now=now)
        decline(booking, reason=parse_cancel(request.data), now=now, actor=actor)
        return booking_response(answer_of(uid), status=200)


class CancelView(ApiView):
    """One booking, cancelled."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the cancelled booking; body {reason?} or none. Problems of GET, 400, 409.

        A client cancels until the meeting begins, an API key until it ends, as the portal does.
        Asking again is the same 200: whoever lost the first answer need not guess.
        """
        now = read_now()
        booking, actor = check_booking_caller(request, uid, scope=WRITE, now=now)
        reason = parse_cancel(request.data)
        try:
            cancel(booking, reason=reason, now=now, actor=actor)
        except NotChangeable:
            if get_booking(uid).status != "cancelled":
                raise
        return booking_response(answer_of(uid), status=200)


class RescheduleView(ApiView):
    """One booking, moved to another start."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the booking and its `move`; body {start, time_zone?}; `Prefer: wait` as in POST.

        `time_zone` is the attendee's from now on, as in POST; without it they keep theirs.

        The booking keeps its old time until the move is `confirmed`, and manage_url is then a new one. A move
        that fails while waited for is a 409 with its reason. Problems of GET, 400, 409.
        """
        now = read_now()
        booking, actor = check_booking_caller(request, uid, scope=WRITE, now=now)
        wanted = parse_reschedule(request.data)
        move(booking, start=wanted.start, now=now, actor=actor, time_zone=wanted.time_zone or "")
        answer = wait_for_move(answer_of(uid), header=request.headers.get("Prefer", ""))
        last = answer.progress.move
        if last is not None and last.status in ("failed", "expired") and answer.booking.status == "confirmed":
            return lost_move_problem(answer, last)
        return booking_response(answer, status=200)
