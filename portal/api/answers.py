"""The outcome of a booking or a reschedule: waited for if asked, told as a booking or as a problem."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from booking.api import Booking, Progress, get_booking, progress
from django.http import JsonResponse

from portal.api.documents import booking_document
from portal.api.problems import problem
from portal.wait import preferred_wait, wait_until

_UNDER_WAY = ("held", "awaiting_link")  # `pending` waits for a person, which no request should


@dataclass(frozen=True, slots=True)
class Answer:
    """A booking as it stands; `waited` is the answer's Preference-Applied, None where no wait was granted."""

    booking: Booking
    progress: Progress
    waited: str | None = None


def answer_of(uid: str) -> Answer:
    """Return the booking as it stands now."""
    booking = get_booking(uid)
    return Answer(booking=booking, progress=progress(booking))


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


def booking_response(answer: Answer, *, status: int) -> JsonResponse:
    """Return the booking as JSON."""
    hosts = [row.host for row in answer.booking.meeting.meeting_hosts.select_related("host")]
    return _finished(
        JsonResponse(booking_document(answer.booking, hosts=hosts, progress=answer.progress), status=status),
        answer,
    )


def failed_problem(answer: Answer) -> JsonResponse:
    """Return the 409 of a booking that was lost after it was written: why, and what is open nearby."""
    response = problem(
        answer.booking.failure_code, answer.progress.failure_words, alternatives=answer.progress.alternatives
    )
    return _finished(response, answer)


def failed_move_problem(answer: Answer) -> JsonResponse:
    """Return the 409 of a reschedule that was lost; the booking stands at its old time."""
    move = answer.progress.move
    if move is None:
        raise ValueError("there is no reschedule")
    response = problem(
        move.failure_code or "hold_expired",
        move.failure_words or answer.progress.failure_words,
        alternatives=answer.progress.alternatives,
    )
    return _finished(response, answer)


def _wait(answer: Answer, *, header: str, is_settled: Callable[[Answer], bool]) -> Answer:
    seconds = preferred_wait(header)
    if seconds is None:
        return answer
    uid = answer.booking.uid
    last, granted = wait_until(lambda: answer_of(uid), is_settled=is_settled, first=answer, seconds=seconds)
    return replace(last, waited=f"wait={seconds:g}") if granted else last


def _finished(response: JsonResponse, answer: Answer) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    if answer.waited is not None:
        response["Preference-Applied"] = answer.waited
    return response
