"""The rush: each client a thread with a connection of its own, all released by one gate, each posting one booking.

No thread touches the database: what they need is decided before, what they got comes out of a queue.
"""

import json
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from booking.contention.passes import HEADER
from booking.contention.verdict import Answer
from kernel.errors import HoldfastError
from kernel.http import GuardedClient, HttpError, own_address_client

HORIZON = timedelta(days=45)
TIMEOUT_SECONDS = 60.0
GATE_SECONDS = 30.0


class NothingToWant(HoldfastError):
    """The sandbox has no open time for this scenario."""

    code = "nothing_open"


@dataclass(frozen=True, slots=True)
class Site:
    """The sandbox as its clients reach it: `address` begins its URLs ("http://bench.localhost:8000")."""

    address: str
    domain: str
    pass_: str

    def client(self) -> GuardedClient:
        """Return a client that reaches our own address as this host, and no other."""
        client = own_address_client(
            timeout_seconds=TIMEOUT_SECONDS, is_own_host=lambda host: host == self.domain
        )
        client.headers[HEADER] = self.pass_
        return client


@dataclass(frozen=True, slots=True)
class Plan:
    """What each client posts (event type, start), how many of them can have it, and that in words."""

    posts: tuple[tuple[str, str], ...]
    expected: int
    words: str


def plan(site: Site, scenario: str, clients: int, *, now: datetime) -> Plan:
    """Choose an open time that everybody will want. Raises `NothingToWant`, HttpError."""
    first = now.astimezone(UTC).date() + timedelta(days=1)
    with site.client() as client:
        if scenario == "overlapping":
            return _overlapping(
                _open(client, site, "sixty", first), _open(client, site, "thirty", first), clients
            )
        event_type = "team" if scenario == "round_robin" else "thirty"
        slots = _open(client, site, event_type, first)
    if not slots:
        raise NothingToWant(
            "The sandbox has no open time in the next 45 days. Make it anew, or remove bookings."
        )
    wanted = (
        max(slots, key=lambda slot: len(slot.get("hosts", ()))) if scenario == "round_robin" else slots[0]
    )
    free = len(wanted.get("hosts", ())) or 1
    return Plan(
        posts=((event_type, str(wanted["start"])),) * clients,
        expected=min(clients, free),
        words=f"{event_type} at {wanted['start']}" + (f", {free} hosts free" if free > 1 else ""),
    )


def rush(site: Site, posts: Sequence[tuple[str, str]]) -> Iterator[Answer | None]:
    """Post them all at one moment; yields answers as they come, None four times a second while waiting."""
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    gate = Gate(len(posts))
    for number, (event_type, start) in enumerate(posts):
        body = _body(number, event_type, start)
        threading.Thread(target=_post, args=(site, number, body, gate, answers), daemon=True).start()
    gate.wait()
    left = len(posts)
    while left:
        try:
            yield answers.get(timeout=0.25)
            left -= 1
        except queue.Empty:
            yield None


class Gate:
    """Holds everybody back until all are there; `opened_at` is its instant on the monotonic clock."""

    def __init__(self, clients: int) -> None:
        self.opened_at = 0.0
        self._barrier = threading.Barrier(clients + 1, action=self._note, timeout=GATE_SECONDS)

    def wait(self) -> None:
        """Wait until everybody is there; raises BrokenBarrierError if somebody never comes."""
        self._barrier.wait()

    def _note(self) -> None:
        self.opened_at = time.monotonic()


def _post(site: Site, number: int, body: bytes, gate: Gate, answers: "queue.SimpleQueue[Answer]") -> None:
    with site.client() as client:
        gate.wait()
        sent_at = time.monotonic()
        try:
            got = client.post(
                f"{site.address}/api/v1/bookings", content=body, headers={"Content-Type": "application/json"}
            )
            status, code = got.status_code, _code_of(got.content)
        except HttpError as error:
            status, code = 0, error.code
        ended_at = time.monotonic()
    answers.put(
        Answer(
            number=number,
            at_ms=max(0, round((ended_at - gate.opened_at) * 1000)),
            latency_ms=round((ended_at - sent_at) * 1000),
            status=status,
            code=code[:40],
        )
    )


def _open(client: GuardedClient, site: Site, event_type: str, first: date) -> list[dict[str, Any]]:
    query = urlencode({"event_type": event_type, "start": first, "end": first + HORIZON, "time_zone": "UTC"})
    answer = client.get(f"{site.address}/api/v1/slots?{query}")
    if answer.status_code != 200:
        raise NothingToWant(
            f"The sandbox's open times of {event_type} answer with {answer.status_code}. Is it complete?"
        )
    days: dict[str, list[dict[str, Any]]] = json.loads(answer.content)["slots"]
    return sorted((slot for day in days.values() for slot in day), key=lambda slot: str(slot["start"]))


def _overlapping(longs: list[dict[str, Any]], shorts: list[dict[str, Any]], clients: int) -> Plan:
    """Half want an hour, half the half hour that starts inside it: one of all can have it."""
    for long in longs:
        inside = [short for short in shorts if long["start"] < short["start"] < long["end"]]
        if inside:
            both = (("sixty", str(long["start"])), ("thirty", str(inside[-1]["start"])))
            posts = tuple(both[number % 2] for number in range(clients))
            return Plan(posts, 1, f"sixty at {long['start']}, and thirty at {inside[-1]['start']}")
    raise NothingToWant("The sandbox has no open hour with an open half hour inside it in the next 45 days.")


def _body(number: int, event_type: str, start: str) -> bytes:
    attendee = {"name": f"Contention client {number + 1}", "email": f"client-{number + 1}@sandbox.example"}
    wanted = {"event_type": event_type, "start": start, "time_zone": "UTC", "attendee": attendee}
    return json.dumps(wanted).encode()


def _code_of(content: bytes) -> str:
    try:
        document = json.loads(content)
    except ValueError:
        return ""
    return str(document.get("code", "")) if isinstance(document, dict) else ""
