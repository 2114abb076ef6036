"""A calendar that is published as one file (iCalendar over HTTP, RFC 5545): read, never written to.

Its address is a secret like a password: whoever has it reads the calendar.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from django.conf import settings

from kernel import http
from providers.calendars.asking import answered
from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent, busy_intervals
from providers.calendars.dav_session import origin
from providers.calendars.following import Changes, OwnEvent, WholeReading
from providers.calendars.zones import known_zone
from providers.protocols import CalendarEvent, Rejected, Unauthorised, Unreachable, WrittenEvent

MAX_BYTES = 5_000_000
_MOST_REDIRECTS = 3
_EARLIER = timedelta(days=3)
_FOLDED = re.compile(r"\r?\n[ \t]")
_EVENT = re.compile(r"^BEGIN:VEVENT\r?$.*?^END:VEVENT\r?\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_ENDS = re.compile(r"^DTEND[^:\r\n]*:(\d{8})", re.MULTILINE | re.IGNORECASE)
_LASTS = re.compile(r"^(RRULE|RDATE|RECURRENCE-ID|DURATION)[;:]", re.MULTILINE | re.IGNORECASE)
_CALENDAR = re.compile(r"^BEGIN:VCALENDAR\r?$.*?^END:VCALENDAR", re.MULTILINE | re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What an address gave: `token` to ask for the next change with, the calendar's `name` and `time_zone` ("")."""

    text: str
    token: str
    name: str
    time_zone: str


class FeedCalendar:
    """The calendar published at `address`, as providers.calendars.following.TwoWayCalendar wants it.

    Nothing of ours is ever in it: it is not written to, and our events that it may show are not busy times.
    """

    def __init__(self, address: str, *, rules: BusyRules, timeout_seconds: float = 5.0) -> None:
        self._address = address
        self._rules = rules
        self._timeout_seconds = timeout_seconds

    def busy(self, *, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """Return the busy times that overlap [start, end), by the rules of `busy_intervals`. Raises ProviderError."""
        return self.whole(start=start, end=end).intervals

    def whole(self, *, start: datetime, end: datetime) -> WholeReading:
        """Read the whole file. One event that cannot be read fails it: nobody knows what that one blocks."""
        feed = self._fetched("")
        assert feed is not None
        try:
            found = {
                interval
                for text in _CALENDAR.findall(feed.text)
                for interval in busy_intervals(
                    _without_past(text, start), start=start, end=end, rules=self._rules
                )
            }
        except UnreadableEvent as error:
            raise Rejected(f"An event in the calendar cannot be read: {error}.") from error
        return WholeReading(intervals=tuple(sorted(found)), sync_token=feed.token)

    def changes(self, sync_token: str) -> Changes:
        """Ask whether the file is another than the one that gave the token. One request."""
        feed = self._fetched(sync_token)
        if feed is None:
            return Changes(sync_token=sync_token, is_changed=False)
        is_changed = json.loads(feed.token)["digest"] != _read_token(sync_token).get("digest")
        return Changes(sync_token=feed.token, is_changed=is_changed)

    def find(self, uid: str) -> WrittenEvent | None:  # noqa: ARG002 - the protocol's
        """Nothing of ours is kept there."""
        return None

    def look(self, remote_id: str) -> OwnEvent | None:  # noqa: ARG002 - the protocol's
        """Nothing of ours is kept there."""
        return None

    def write(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:  # noqa: ARG002 - the protocol's
        """Raise Rejected."""
        raise Rejected("A calendar that is published as a file can only be read.")

    def restore(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Raise Rejected."""
        return self.write(event, now=now)

    def delete(self, uid: str) -> bool:  # noqa: ARG002 - the protocol's
        """Nothing of ours is there to be removed."""
        return False

    def _fetched(self, token: str) -> Feed | None:
        return fetch(self._address, token=token, timeout_seconds=self._timeout_seconds)


def feed_address(said: str) -> str:
    """Return the address as it is asked: webcal:// is https:// for calendar programs, and https:// may be left out.

    Raises Rejected for one that cannot be used, or that would be asked for in clear (plain http).
    """
    address = re.sub(r"^webcals?://", "https://", said.strip(), flags=re.IGNORECASE)
    address = address if "://" in address else f"https://{address}"
    _check_secure(address)
    return urlunsplit(urlsplit(address)._replace(fragment=""))


def fetch(address: str, *, token: str = "", timeout_seconds: float = 5.0) -> Feed | None:
    """Return what the address gives; None where it is unchanged since `token` (RFC 9110, 13.1.2 and 13.1.3).

    Follows three redirects, each to a public address over https. Raises ProviderError; what is no calendar, or half
    of one, is a failure.
    """
    with http.guarded_client(timeout_seconds=timeout_seconds, max_bytes=MAX_BYTES) as client:
        answer = _followed(client, address, _conditions(token))
    if answer.status_code == 304 and token:
        return None
    if answer.status_code == 403:
        raise Unauthorised("The address of the calendar is not let in any more.")
    if answer.status_code in (404, 410):
        raise Rejected("There is no calendar at this address (any more).")
    if not answer.is_success:
        raise Rejected(f"The calendar server refused the request (HTTP {answer.status_code}).")
    text = answer.content.decode("utf-8-sig", errors="replace")  # RFC 5545, 3.1.4: UTF-8
    _check_calendar(text)
    return Feed(
        text=_FOLDED.sub("", text),
        token=_token(answer),
        name=_property(text, "X-WR-CALNAME", "NAME"),
        time_zone=known_zone(_property(text, "X-WR-TIMEZONE")),
    )


def fingerprint(address: str) -> str:
    """Return what tells two addresses apart without giving either away."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _followed(client: http.GuardedClient, address: str, headers: dict[str, str]) -> httpx.Response:
    for _ in range(_MOST_REDIRECTS + 1):
        _check_secure(address)
        answer = answered(lambda at=address: client.get(at, headers=headers))  # type: ignore[misc]
        if not answer.has_redirect_location:
            return answer
        address = urljoin(address, answer.headers["Location"])
    raise Rejected("The address of the calendar leads on and on.")


def _check_secure(address: str) -> None:
    scheme, host, port = origin(address)
    if scheme == "http" and f"{host}:{port}" not in settings.HOLDFAST_HTTP_ALLOW:
        raise Rejected("A calendar is only asked for over a secure connection: use its https:// address.")


def _check_calendar(text: str) -> None:
    """Whole calendars only: a sign-in page is none, half a file would hide what is in the other half."""
    said = text.strip().upper()
    if not said.startswith("BEGIN:VCALENDAR"):
        raise Rejected("The address answers, but not with a calendar.")
    if not said.endswith("END:VCALENDAR"):
        raise Unreachable("The calendar server sent only a part of the calendar.")
    if "BEGIN:VFREEBUSY" in said:
        raise Rejected("This address tells free and busy times only, in a form that is not read.")


def _without_past(text: str, start: datetime) -> str:
    """Leave out what ended days before `start` and never comes again: of years of history little is to be parsed."""
    before = f"{(start - _EARLIER).astimezone(UTC):%Y%m%d}"

    def kept(found: re.Match[str]) -> str:
        ends = _ENDS.search(found[0])
        is_past = ends is not None and ends[1] < before and not _LASTS.search(found[0])
        return "" if is_past else found[0]

    return _EVENT.sub(kept, text)


def _conditions(token: str) -> dict[str, str]:
    said = _read_token(token)
    names = {"If-None-Match": "etag", "If-Modified-Since": "modified"}
    return {"Accept": "text/calendar"} | {name: said[key] for name, key in names.items() if said.get(key)}


def _token(answer: httpx.Response) -> str:
    return json.dumps(
        {
            "etag": answer.headers.get("ETag", ""),
            "modified": answer.headers.get("Last-Modified", ""),
            "digest": hashlib.sha256(answer.content).hexdigest(),
        }
    )


def _read_token(token: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(token) if token else {}
    return found


def _property(text: str, *names: str) -> str:
    """Return the first of these properties that the calendar itself has, "" where it has none (RFC 7986, 5.1)."""
    head = _FOLDED.sub("", text.partition("BEGIN:VEVENT")[0])
    for name in names:
        found = re.search(rf"^{name}(?:;[^:\r\n]*)?:([^\r\n]*)", head, re.MULTILINE | re.IGNORECASE)
        if found:
            words = re.sub(r"\\[nN]", " ", found[1])
            return " ".join(re.sub(r"\\([,;\\])", r"\1", words).split())
    return ""
