"""The outcome of a booking or a reschedule: waited for if asked, told as a booking or as a problem."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.http import HttpResponseBase, JsonResponse

from booking.api import WORDS, Booked, Booking, Move, Progress, get_booking, progress
from kernel.clock import now as read_now
from kernel.reasons import Reason
from portal.api.documents import booking_document
from portal.api.problems import problem
from portal.wait import preferred_wait, wait_until

_REASONS = frozenset(str(reason) for reason in Reason)
_UNDER_WAY = ("held", "awaiting_link")  # `pending` waits for a person, which no request should


def booked_response(booked: Booked, *, header: str) -> HttpResponseBase:
    """Return the answer of POST /bookings: 201 with the booking, or the 409 of one that was lost meanwhile.

    What was just made is told as it was made, without another look, unless `header` (Prefer) waits for more.
    """
    is_open = booked.booking.status in _UNDER_WAY and preferred_wait(header) is not None
    if booked.hosts is not None and not is_open:
        document = booking_document(
            booked.booking, hosts=booked.hosts, progress=None, has_rooms=booked.has_rooms
        )
        return _finished(JsonResponse(document, status=201), waited=None)
    answer = wait_for_outcome(answer_of(booked.booking.uid), header=header)
    if answer.booking.status in ("failed", "expired"):
        return lost_problem(answer)
    return booking_response(answer, status=201)


@dataclass(frozen=True, slots=True)
class Answer:
    """A booking as it stands; `waited` is the answer's Preference-Applied, None where no wait was granted."""

    booking: Booking
    progress: Progress
    waited: str | None = None


def answer_of(uid: str) -> Answer:
    """Return the booking as it stands; the clock is read here, since a wait reads many times."""
    booking = get_booking(uid)
    stands = progress(booking, now=read_now())
    if stands.move and stands.move.status != "held":
        booking = get_booking(uid)  # the move may have ended after the first look: tell what it left
    return Answer(booking=booking, progress=stands)


def wait_for_outcome(answer: Answer, *, header: str) -> Answer:
    """Return `answer` once the booking is settled, or as it stands after the seconds of `header` (Prefer)."""
    return _wait(answer, header=header, is_settled=lambda seen: seen.booking.status not in _UNDER_WAY)


def wait_for_move(answer: Answer, *, header: str) -> Answer:
    """Return `answer` once its last reschedule is settled, or as it stands after the seconds of `header`."""
    return _wait(
        answer,
        header=header,
        is_settled=lambda seen: seen.progress.move is None or seen.progress.move.status != "held",
    )


def booking_response(answer: Answer, *, status: int, with_links: bool = True) -> JsonResponse:
    """Return the booking as JSON; `with_links` false leaves out what only its present token may open."""
    hosts = [row.host for row in answer.booking.meeting.meeting_hosts.select_related("host")]
    document = booking_document(answer.booking, hosts=hosts, progress=answer.progress)
    links = () if with_links else ("manage_url", "meeting_url")
    shown = {name: value for name, value in document.items() if name not in links}
    return _finished(JsonResponse(shown, status=status), waited=answer.waited)


def lost_problem(answer: Answer) -> JsonResponse:
    """Return the 409 of a booking that was lost after it was written: why, and what is open nearby."""
    return _lost(answer, code=answer.booking.failure_code, words=answer.booking.failure_words)


def lost_move_problem(answer: Answer, move: Move) -> JsonResponse:
    """Return the 409 of a reschedule that was lost; the booking stands at its old time."""
    return _lost(answer, code=move.failure_code, words=move.failure_words)


def _lost(answer: Answer, *, code: str, words: str) -> JsonResponse:
    reason = Reason(code) if code in _REASONS else Reason.HOLD_EXPIRED
    response = problem(reason, words or WORDS[reason], alternatives=answer.progress.alternatives)
    return _finished(response, waited=answer.waited)


def _wait(answer: Answer, *, header: str, is_settled: Callable[[Answer], bool]) -> Answer:
    seconds = preferred_wait(header)
    if seconds is None:
        return answer
    uid = answer.booking.uid
    last, granted = wait_until(lambda: answer_of(uid), is_settled=is_settled, first=answer, seconds=seconds)
    return replace(last, waited=f"wait={seconds:g}") if granted else last


def _finished(response: JsonResponse, *, waited: str | None) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    if waited is not None:
        response["Preference-Applied"] = waited
    return response
