"""The statuses of a booking: who may change which into which, which of them block time, which are final.

The table is PRODUCT.md's, and `TRANSITIONS` is the only copy in code. Change a status with a guarded
update, `WHERE status IN (sources(next))`, and look at the row count: this module says what is allowed, the
database whether it happened.
"""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """The status of a booking; the value is what the database, the API and the ledger carry."""

    HELD = "held"
    PENDING = "pending"
    AWAITING_LINK = "awaiting_link"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    DECLINED = "declined"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


class By(StrEnum):
    """Whose act, or which event, makes a change of status."""

    CLIENT = "client"
    HOST = "host"
    DEADLINE = "deadline"
    SAGA = "saga"
    CLOCK = "clock"
    UNDO = "undo"


TRANSITIONS: Final[dict[tuple[Status, Status], frozenset[By]]] = {
    (Status.HELD, Status.PENDING): frozenset({By.CLIENT}),
    (Status.HELD, Status.AWAITING_LINK): frozenset({By.CLIENT}),
    (Status.HELD, Status.CONFIRMED): frozenset({By.CLIENT}),
    (Status.HELD, Status.EXPIRED): frozenset({By.DEADLINE}),
    (Status.PENDING, Status.AWAITING_LINK): frozenset({By.HOST}),
    (Status.PENDING, Status.CONFIRMED): frozenset({By.HOST}),
    (Status.PENDING, Status.DECLINED): frozenset({By.HOST}),
    (Status.PENDING, Status.EXPIRED): frozenset({By.DEADLINE}),
    (Status.AWAITING_LINK, Status.CONFIRMED): frozenset({By.SAGA}),
    (Status.AWAITING_LINK, Status.FAILED): frozenset({By.SAGA}),
    (Status.AWAITING_LINK, Status.CANCELLED): frozenset({By.SAGA}),  # a taking back that failed
    (Status.CONFIRMED, Status.COMPLETED): frozenset({By.CLOCK, By.HOST}),
    (Status.CONFIRMED, Status.NO_SHOW): frozenset({By.CLOCK, By.HOST}),
    (Status.CONFIRMED, Status.CANCELLED): frozenset({By.CLIENT, By.HOST, By.UNDO}),
    (Status.CANCELLED, Status.HELD): frozenset({By.UNDO}),
    (Status.COMPLETED, Status.NO_SHOW): frozenset({By.UNDO}),
    (Status.NO_SHOW, Status.COMPLETED): frozenset({By.UNDO}),
}

WITH_DEADLINE: Final = frozenset({Status.HELD, Status.PENDING, Status.AWAITING_LINK})
BLOCKING: Final = WITH_DEADLINE | {Status.CONFIRMED}


class IllegalTransition(ValueError):
    """A booking was asked to become what its status does not allow."""

    def __init__(self, status: Status, becomes: Status, by: By | None) -> None:
        super().__init__(f"{status} cannot become {becomes}" + (f" by {by}" if by else ""))
        self.status, self.becomes, self.by = status, becomes, by


def blocks_time(status: Status) -> bool:
    """Does a booking in this status keep its hosts' time? (Those with a deadline: only until it passes.)"""
    return status in BLOCKING


def has_deadline(status: Status) -> bool:
    """Does this status end by itself when a deadline passes?"""
    return status in WITH_DEADLINE


def is_final(status: Status) -> bool:
    """Is there nothing left to wait for? True without a deadline: `Prefer: wait` and the progress page
    stop here."""
    return status not in WITH_DEADLINE


def can_become(status: Status, becomes: Status, *, by: By | None = None) -> bool:
    """May this status become that one (by this act, if one is named)?"""
    allowed = TRANSITIONS.get((status, becomes), frozenset())
    return by in allowed if by else bool(allowed)


def check_can_become(status: Status, becomes: Status, *, by: By | None = None) -> None:
    """Raise `IllegalTransition` unless this status may become that one."""
    if not can_become(status, becomes, by=by):
        raise IllegalTransition(status, becomes, by)


def sources(becomes: Status, *, by: By | None = None) -> frozenset[Status]:
    """The statuses that may become this one: the WHERE of a guarded update."""
    return frozenset(
        status for status, target in TRANSITIONS if target == becomes and can_become(status, target, by=by)
    )
