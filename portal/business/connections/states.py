"""How connections stand, in words with their age and what it means for clients. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.business.times import ago, clock, moment
from providers.api import Calendar, CalendarConnection, Notice, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class State:
    """A sentence and its tone (a CSS class)."""

    words: str
    tone: str = ""


def age_words(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return how long ago, to the second below a minute: "12 s ago", "4 min ago"."""
    seconds = int((now - instant).total_seconds())
    return f"{max(seconds, 0)} s ago" if seconds < 60 else ago(instant, now, zone)


def connection_state(
    connection: CalendarConnection, calendars: Sequence[Calendar], *, host: str, now: datetime, zone: ZoneInfo
) -> State:
    """Return how a calendar connection stands, and what a failure costs."""
    read = [calendar for calendar in calendars if calendar.reads_busy]
    if connection.status != CalendarConnection.Status.WORKING:
        since = connection.last_good_at or connection.connected_at
        when = clock(since, zone)
        if since.astimezone(zone).date() != now.astimezone(zone).date():
            when = moment(since, zone, now.astimezone(zone).date())
        cost = f"clients see no slots of {host}" if read else "nothing is lost by it, since none is read"
        refused = connection.status == CalendarConnection.Status.UNAUTHORISED
        what = "The sign-in is refused" if refused else "Cannot be read"
        return State(f"{what} since {when}: {cost}.", "bad")
    if not read:
        words = f"Connected, but no calendar is read: clients may be offered times when {host} is busy."
        return State(words, "warn")
    times = [calendar.read_at for calendar in read if calendar.read_at]
    if not times:
        return State("Connected. It is read when a client next looks at the page.", "good")
    return State(f"Read {age_words(min(times), now, zone)}.", "good")


def notice_state(notice: Notice) -> State:
    """Return how a delivery went: the receiver's status, the attempts, the fault."""
    tries = f", attempt {notice.attempts}" if notice.attempts > 1 else ""
    match notice.state:
        case "sent":
            return State(f"Received ({notice.status_code}){tries}", "good")
        case "failed":
            return State(f"Not delivered{tries}. {notice.failed_words}", "bad")
        case "withdrawn":
            return State(f"Withdrawn{tries}. {notice.failed_words}")
    if notice.failed_words:
        return State(f"Tried again soon{tries}. {notice.failed_words}", "warn")
    return State("Waiting to be sent", "accent")


def endpoint_state(endpoint: WebhookEndpoint) -> State:
    """Return how a webhook stands: off, failing, good, or not used yet."""
    if not endpoint.active:
        return State("Switched off: the receiver said that it is gone.", "bad")
    failed, sent = endpoint.last_failed_at, endpoint.last_sent_at
    if failed and (sent is None or failed > sent):
        return State(f"The last notice was not received. {endpoint.last_error}", "bad")
    return State("Received", "good") if sent else State("Nothing was sent there yet.")


def room_state(stun: Sequence[str], turn: Sequence[str]) -> State:
    """Return whether the built-in room reaches people behind strict networks."""
    if turn:
        return State("Works from every network: a TURN server is set.", "good")
    if stun:
        words = (
            "Works from most networks. Behind strict company firewalls it needs a TURN server; none is set."
        )
        return State(words, "warn")
    words = "No STUN or TURN server is set: it works within one network, and from some homes only."
    return State(words, "warn")
