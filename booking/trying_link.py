"""Trying a meeting's link now, because somebody asks: the very proof that came before its confirmation."""

from dataclasses import dataclass
from datetime import datetime

from booking.errors import NotChangeable
from booking.health.links import dead_links
from booking.models import Booking


@dataclass(frozen=True, slots=True)
class LinkTrial:
    """Whether the link joins this meeting right now (None: it could not be tried), in words for the client."""

    is_joinable: bool | None
    words: str


def try_link(booking: Booking, *, now: datetime) -> LinkTrial:
    """Prove the link of a confirmed online booking again; one or two requests, never inside a transaction.

    Nothing changes by it. Raises NotChangeable where there is no link to try.
    """
    meeting = booking.meeting
    if booking.status != Booking.Status.CONFIRMED or not meeting.join_url:
        raise NotChangeable("This booking has no meeting link that could be tested.")
    for dead in dead_links([meeting], now=now):
        return LinkTrial(is_joinable=False, words=dead.words)
    return LinkTrial(is_joinable=True, words="It answered for exactly this meeting.")
