"""What all who lost one start at the same moment are told: that it is gone, and what is still open; worked out once.

A rush of hundreds on one slot has one winner; without this, each of the others would read the same week of the same
hosts. Shared only under the same stamps (kernel.stamps: any booking in between makes it be worked out anew) and for a
second at most, since the rules also follow the clock. Whoever books an alternative meets the guard like everyone.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from booking.core.slots import OpenStart
from booking.models import EventType, Host
from booking.offers import Slot, alternatives, check_while, held_to
from kernel.reasons import Reason
from kernel.stamps import stamps
from kernel.tenancy import current_schema
from tenants.api import current_tenant

SHARED_FOR = timedelta(seconds=1)
WAIT_SECONDS = 5.0
MOST = 1000


@dataclass
class _Answer:
    """What one thread works out and the others wait for; `slots` stays None where that failed."""

    now: datetime
    is_there: threading.Event = field(default_factory=threading.Event)
    slots: tuple[Slot, ...] | None = None


@dataclass(frozen=True)
class _Refusal:
    """Why a start was refused, and in which time [since, until) that is right."""

    reason: Reason
    since: datetime
    until: datetime


_answers: dict[Hashable, _Answer] = {}
_refusals: dict[Hashable, _Refusal] = {}
_lock = threading.Lock()


def shared_check(
    event_type: EventType, *, start: datetime, now: datetime, host: Host | None = None
) -> OpenStart | Reason:
    """Say who can take this start, or why nobody can, as `check` does; a refusal is shared like its alternatives."""
    key = _key(event_type, start, host)
    known = _refusals.get(key)
    if known and known.since <= now < known.until:
        return known.reason
    found, until = check_while(event_type, start=start, now=now, host=host)
    if isinstance(found, OpenStart):
        return found
    with _lock:
        if len(_refusals) >= MOST:
            _refusals.clear()
        _refusals[key] = _Refusal(found.reason, now, min(until, now + SHARED_FOR))
    return found.reason


def shared_alternatives(
    event_type: EventType, *, start: datetime, now: datetime, host: Host | None = None
) -> tuple[Slot, ...]:
    """Return the open slots nearest to a start that was lost, as `alternatives` does.

    One thread of this process reads them (its statements, beyond the stamps'); who asks the same meanwhile waits for
    it, and who asks within the second gets the same.
    """
    key = _key(event_type, start, host)
    with _lock:
        answer = _answers.get(key)
        is_mine = answer is None or not timedelta() <= now - answer.now < SHARED_FOR
        if is_mine:
            if len(_answers) >= MOST:
                _answers.clear()
            answer = _answers[key] = _Answer(now)
    assert answer is not None
    if is_mine:
        try:
            answer.slots = alternatives(event_type, start=start, now=now, host=host, max_age=held_to())
        finally:
            answer.is_there.set()
    elif not answer.is_there.wait(WAIT_SECONDS) or answer.slots is None:
        return alternatives(event_type, start=start, now=now, host=host, max_age=held_to())
    return answer.slots or ()


def _key(event_type: EventType, start: datetime, host: Host | None) -> Hashable:
    length = event_type.duration_minutes  # one of several, perhaps
    zone = current_tenant().time_zone  # which no stamp speaks of
    return (current_schema(), zone, *stamps().values(), event_type.pk, length, start, host and host.pk)
