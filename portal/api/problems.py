"""Problem documents (RFC 9457): one table from error code to status and title, one function that renders.

Body: `type` (urn:holdfast:problem:<code>), `title`, `status`, `code`, `detail` (what happened, what to do),
`errors` {field path: sentence} where fields are wrong, `alternatives` [slot] on every 409, `taken` of a series.
"""

from collections.abc import Iterable, Mapping

from django.db import DatabaseError, InterfaceError
from django.http import JsonResponse
from rest_framework import exceptions

from booking.api import NotChangeable, SeriesRefused, Slot, TakenDate
from kernel.errors import HoldfastError
from kernel.reasons import Reason
from portal.api.documents import instant

INVALID_REQUEST = "invalid_request"
_BUSY_SECONDS = 1
_BUSY_WORDS = (
    "The database could not answer in time. Ask again in a moment; if this was a booking, send it again with "
    "the same Idempotency-Key, and it will not be booked twice."
)

_TITLES: Mapping[str, tuple[int, str]] = {
    INVALID_REQUEST: (400, "The request cannot be used as it is"),
    "unauthorized": (401, "A manage token or an API key is needed"),
    "forbidden": (403, "You may not do that here"),
    "not_found": (404, "Nothing is here"),
    "idempotency_mismatch": (422, "This Idempotency-Key belongs to another request"),
    "rate_limited": (429, "Too many requests"),
    "busy": (503, "Busy, ask again"),
    "not_durable": (503, "Not yet safe, ask again"),
    Reason.SLOT_TAKEN: (409, "This time was just taken"),
    Reason.OUTSIDE_HOURS: (409, "This time is outside the bookable hours"),
    Reason.DATE_OVERRIDE: (409, "This date has other hours"),
    Reason.OUT_OF_OFFICE: (409, "The host is out of office then"),
    Reason.HOST_BUSY: (409, "The host has another booking then"),
    Reason.CALENDAR_BUSY: (409, "The host's calendar is busy then"),
    Reason.CALENDAR_STALE: (409, "The host's calendar cannot be read right now"),
    Reason.BUFFER: (409, "This time is too close to another booking"),
    Reason.NOTICE_TOO_SHORT: (409, "This time is too soon"),
    Reason.OUTSIDE_WINDOW: (409, "This time is too far ahead"),
    Reason.LIMIT_REACHED: (409, "No more bookings are taken for this period"),
    Reason.SEATS_FULL: (409, "Every seat is taken"),
    Reason.LINK_UNVERIFIED: (409, "The meeting link could not be proven"),
    Reason.HOLD_EXPIRED: (409, "This booking is no longer live"),
    Reason.TOO_MANY_HOLDS: (409, "Too many times are held at once"),
    Reason.TENANT_PAUSED: (409, "No bookings are taken right now"),
    Reason.TENANT_SUSPENDED: (409, "No bookings are taken here"),
}


class InvalidRequest(HoldfastError):
    """The body, the query or a header cannot be used; `errors` maps each wrong field to a sentence."""

    def __init__(self, message: str, *, errors: Mapping[str, str]) -> None:
        super().__init__(message, code=INVALID_REQUEST, errors=dict(errors))


class BodyTooLarge(exceptions.APIException):
    """The body is larger than the API reads."""

    status_code = 413


def problem(
    code: str,
    detail: str,
    *,
    status: int | None = None,
    errors: Mapping[str, str] | None = None,
    alternatives: Iterable[Slot] = (),
    taken: Iterable[TakenDate] = (),
    retry_after_seconds: int | None = None,
) -> JsonResponse:
    """Return the problem document of `code`; its status comes from the table unless one is given."""
    usual, title = _TITLES[code]
    status = status or usual
    title = "Something failed on our side" if status == 500 else title
    body: dict[str, object] = {
        "type": f"urn:holdfast:problem:{code}",
        "title": title,
        "status": status,
        "code": str(code),
        "detail": detail,
    }
    if errors:
        body["errors"] = dict(errors)
    if status == 409:
        body["alternatives"] = [
            {"start": instant(slot.start), "end": instant(slot.end)} for slot in alternatives
        ]
    if dates := [_taken(date) for date in taken]:
        body["taken"] = dates
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    if retry_after_seconds is not None:
        response["Retry-After"] = str(retry_after_seconds)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="holdfast"'
    return response


def _taken(date: TakenDate) -> dict[str, object]:
    """Return a date of a series that cannot be had: why, and the nearest open starts."""
    offered = [{"start": instant(slot.start), "end": instant(slot.end)} for slot in date.alternatives]
    return {"start": instant(date.start), "reason": str(date.reason), "alternatives": offered}


def problem_of(error: Exception) -> JsonResponse | None:
    """Return the problem document of an error that the API knows; None for one that is our own fault."""
    if isinstance(error, HoldfastError) and error.code in _TITLES:
        return _holdfast_problem(error)
    if isinstance(error, exceptions.APIException):
        return problem(INVALID_REQUEST, str(error.detail), status=error.status_code)
    if isinstance(error, DatabaseError | InterfaceError):
        return problem("busy", _BUSY_WORDS, retry_after_seconds=_BUSY_SECONDS)
    return None


def _holdfast_problem(error: HoldfastError) -> JsonResponse:
    errors = error.fields.get("errors")
    field = error.fields.get("field") or getattr(error, "field", None)
    if field and not errors:
        errors = {str(field): error.message}
    alternatives = getattr(error, "alternatives", None) or error.fields.get("alternatives") or ()
    retry_after = error.fields.get("retry_after_seconds")
    if retry_after is None and error.code in ("busy", "not_durable"):
        retry_after = _BUSY_SECONDS
    return problem(
        error.code,
        error.message,
        status=409 if isinstance(error, NotChangeable) else None,  # well formed, at the wrong moment
        errors=errors if isinstance(errors, Mapping) else None,
        alternatives=alternatives if isinstance(alternatives, Iterable) else (),
        taken=error.taken if isinstance(error, SeriesRefused) else (),
        retry_after_seconds=retry_after if isinstance(retry_after, int) else None,
    )
