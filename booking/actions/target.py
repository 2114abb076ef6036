"""What a step of a booking's run is about: the booking, and the move where it is a reschedule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from audit.api import Permanent, StepContext, Transient
from booking.facts import load_booking
from booking.models import Booking, Meeting, Move
from providers.api import ProviderError, RateLimited

T = TypeVar("T")
Status = Booking.Status


@dataclass(frozen=True)
class Target:
    """The booking of a run; with a move, the time is the one that it moves to. Instants in UTC."""

    booking: Booking
    move: Move | None

    @property
    def meeting(self) -> Meeting:
        """The meeting that is to be confirmed: of a seat that moves, the session that it goes to."""
        return self.move.meeting if self.move else self.booking.meeting

    @property
    def is_withdrawn(self) -> bool:
        """Whether what the run confirmed was cancelled (or taken back anew) since: that run tells everyone."""
        return self.booking.status not in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)

    @property
    def host_ids(self) -> list[int]:
        """Whose time it is about: all hosts of the meeting, or the one who is to take it over."""
        return [host_id for host_id, _ in self.hosts]

    @property
    def hosts(self) -> list[tuple[int, str]]:
        """The same with each host's mail address."""
        if self.move and self.move.host is not None:
            return [(self.move.host.pk, self.move.host.email)]
        return list(self.meeting.meeting_hosts.values_list("host_id", "host__email"))

    @property
    def starts_at(self) -> datetime:
        """The start that is to be confirmed."""
        return self.move.starts_at if self.move else self.meeting.starts_at

    @property
    def ends_at(self) -> datetime:
        """The end that is to be confirmed."""
        return self.move.ends_at if self.move else self.meeting.ends_at

    @property
    def blocked(self) -> Any:
        """The range, buffers included, that is to be confirmed."""
        return self.move.blocked if self.move else self.meeting.blocked


def target_of(context: StepContext, *, to_tell: bool = False) -> Target:
    """Load what a step is about, from the ids in its payload; `to_tell`: and what messages say beside it."""
    move_id = context.payload.get("move")
    return Target(
        booking=load_booking(context.payload["booking"], to_tell=to_tell),
        move=Move.objects.select_related(*_MOVE).get(pk=move_id) if move_id else None,
    )


_MOVE = ("meeting__event_type", "from_meeting__event_type", "from_host", "host")


def asked(provider: Callable[[], T], *, code: str = "") -> T:
    """Call a provider; its closed set of failures becomes the runner's."""
    try:
        return provider()
    except ProviderError as error:
        raise failure_of(error, code=code) from error


def failure_of(error: ProviderError, *, code: str = "") -> Transient | Permanent:
    """Return a provider's failure as the runner's: try again (when it said so, if it did), or failed for good."""
    code = code or error.code
    if isinstance(error, RateLimited):
        return Transient(error.message, code=code, retry_after=error.retry_after)
    return Transient(error.message, code=code) if error.is_transient else Permanent(error.message, code=code)
