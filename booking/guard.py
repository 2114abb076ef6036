"""The one door to the guard's SQL functions: calls them, retries what passes, names what does not.

SQLSTATE 40P01, 40001 and 55P03 mean "nothing was written, try again": twice, with jitter, then `Busy`.
23P01 means taken; its DETAIL names other people's times and is never shown (docs/decisions/0003).
Whatever claims time asks, in the same statement, whether the guard stands: without it nothing is claimed.
"""

import json
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import DateTimeField, Func, QuerySet
from django.db.utils import DatabaseError, IntegrityError, OperationalError

from booking.models import Booking
from kernel.errors import Busy
from kernel.tenancy import current_schema

T = TypeVar("T")
PASSING = {"40P01", "40001", "55P03"}
TAKEN = "23P01"
TRIES = 3
CONSTRAINT = "booking_occupancy_no_overlap"
_CLAIMS = (
    "hold_v",
    "hold_within_v",
    "hold_series_v",
    "hold_series_within_v",
    "move_v",
    "move_within_v",
    "move_seat_v",
    "move_seat_within_v",
    "retake_v",
    "retake_within_v",
    "reassign_v",
    "reassign_within_v",
)  # functions that block time which was free


class GuardBroken(Busy):
    """The guard is missing or did not behave; no booking may be taken until it does."""


def guarded(operation: Callable[[], T]) -> T:
    """Run `operation` in one transaction; try again when PostgreSQL refused for a passing reason.

    Raises `Busy` when it did so three times: nothing was booked. `operation` must not leave the database.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic(durable=True):
                return operation()
        except (OperationalError, IntegrityError, DatabaseError) as error:
            if sqlstate(error) not in PASSING:
                raise
            if attempt == TRIES:
                raise Busy(
                    "Too many people are booking at this moment. Nothing was booked. Try again."
                ) from None
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311  jitter, not a secret
    raise AssertionError("unreachable")


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code behind one of Django's database errors."""
    cause = error.__cause__ or error
    return getattr(cause, "sqlstate", None)


class ClockTimestamp(Func):
    """The instant at which PostgreSQL comes to the row; `Now()` is that at which the statement began to wait."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def in_time(booking: Booking, status: str) -> QuerySet[Booking]:
    """Lock a booking, and return it to be updated: nothing unless it has this status and its deadline lies ahead.

    First the lock, then the clock: whoever counts it as over meanwhile (booking/sql/limits_v2.sql) is right.
    """
    mine = Booking.objects.filter(pk=booking.pk)
    mine.select_for_update(no_key=True).values("pk").get()
    return mine.filter(status=status, expires_at__gt=ClockTimestamp())


class TimeRange(tuple[Any, Any]):
    """A half-open range of instants, as the guard's functions take it: TimeRange((start, end))."""


def call(function: str, *arguments: object, through: str = "", beside: dict[str, Any] | None = None) -> Any:
    """Call a function of booking/sql with the tenant's name first; return its jsonb, or boolean.

    `through` names a function that its answer goes through on its way, with `beside` as second argument if given:
    taken_v1 adds the rows, booked_v1 writes what follows.

    Inside the caller's transaction; one round trip. Raises `GuardBroken` where the function claims time and the
    constraint is missing, or the health check saw that it does not refuse: nothing was booked.
    """
    if not function.startswith(_CLAIMS):
        return ask(function, *arguments, through=through, beside=beside)
    answer = ask(function, *arguments, through=through, beside=beside, provided="may_claim_v1()")
    if answer is None:
        raise GuardBroken(
            "Bookings are stopped until this page is repaired. Nothing was booked. Try again later."
        )
    return answer


def guard_stands() -> bool:
    """Say whether the exclusion constraint is there, valid and not deferrable; that it refuses is another question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard_stands_v1()")
        return bool(cursor.fetchone()[0])


def ask(
    function: str,
    *arguments: object,
    through: str = "",
    beside: dict[str, Any] | None = None,
    provided: str = "true",
) -> Any:
    """Call a function whatever the guard's state (the probes do); None where the condition `provided` does not hold."""
    marks = ["%s::text", *map(_mark, arguments)]
    values: list[Any] = [current_schema()]
    for argument in arguments:
        values.extend(_values(argument))
    asked = f"{function}({', '.join(marks)})"
    if through:
        asked = f"{through}({asked}{'' if beside is None else ', %s::jsonb'})"
        values += [] if beside is None else [json.dumps(beside)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked} WHERE {provided}", values)
        (answer,) = cursor.fetchone() or (None,)
    return json.loads(answer) if isinstance(answer, str) else answer


def _mark(argument: object) -> str:
    """Return the placeholder with its type: ids are bigint, or the GiST column would not be used."""
    match argument:
        case bool():
            return "%s::boolean"
        case TimeRange():
            return "tstzrange(%s, %s, '[)')"
        case dict():
            return "%s::jsonb"
        case list() if argument and isinstance(argument[0], str):
            return "%s::text[]"
        case list() if argument and isinstance(argument[0], dict):
            return "%s::jsonb"
        case list():
            return "%s::bigint[]"
    return "%s"


def _values(argument: object) -> list[Any]:
    """Return what fills the placeholder: a range brings two values."""
    if isinstance(argument, TimeRange):
        return list(argument)
    is_json = isinstance(argument, dict) or (
        isinstance(argument, list) and bool(argument) and isinstance(argument[0], dict)
    )
    return [json.dumps(argument) if is_json else argument]
