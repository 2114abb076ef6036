"""A rush: many clients who wait at one gate and post one booking each, and what their answers must add up to.

Shared by the scenarios beside it. Everything goes over HTTP as the API's contract says; the tenant's host
name is sent as a header, because `*.localhost` does not resolve everywhere. Needs HOLDFAST_PUBLIC_RATE=off.
"""

import json
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
from gevent.event import Event
from locust import HttpUser, task
from locust.env import Environment
from locust.exception import StopUser

import recording
from booking.contention.verdict import REFUSED

HORIZON = timedelta(days=58)  # below the API's 62 and the usual window of 60


@dataclass(frozen=True)
class Slot:
    """An open slot as the API lists it; instants as they came, `hosts` empty for a single host."""

    start: str
    end: str
    hosts: tuple[str, ...] = ()


@dataclass
class Rush:
    """One tenant and meeting type, one gate, and the tally of what came back through it."""

    site: str
    event_type: str
    wanted: Slot = Slot("", "")
    gate: Event = field(default_factory=Event)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    without_alternatives: int = 0
    wrong: set[str] = field(default_factory=set)

    def choose(self, environment: Environment, pick: Callable[[list[Slot]], Slot]) -> None:
        """Pick the slot that everybody will want, and open the gate when locust has spawned every client.

        Where there is none it is opened too, and they go home: locust would swallow what is raised here, and wait."""
        try:
            slots = open_slots(str(environment.host), site=self.site, event_type=self.event_type)
        except SlotsUnread as unread:
            self.wrong.add(str(unread))
        else:
            if slots:
                self.wanted = pick(slots)
                print(f"everybody wants {self.wanted.start} {' '.join(self.wanted.hosts)}")
            else:
                self.wrong.add(f"{self.event_type} on {self.site} has no open slot in the next weeks")

        def all_are_here(**_: object) -> None:
            gevent.sleep(0.5)  # a breath in which the last of them reaches the gate
            self.gate.set()
            if not self.wanted.start:
                gevent.spawn(environment.runner.quit)

        environment.events.spawning_complete.add_listener(all_are_here)

    def note(self, status: int, body: Mapping[str, Any]) -> None:
        """Count one answer of POST /api/v1/bookings; status 0 is no answer at all."""
        self.statuses[status] += 1
        if status == 201:
            self.hosts[str(body.get("host"))] += 1
        elif status == 409:
            code = str(body.get("code"))
            self.codes[code] += 1
            if code not in REFUSED:
                self.wrong.add(f"a client was refused for {code}, not because the time was taken")
            self.without_alternatives += not body.get("alternatives")
        else:
            self.wrong.add(f"an answer was {status}: {body.get('code') or 'no problem document'}")

    def finish(self, environment: Environment, *, booked: int) -> None:
        """Print the tally; locust's exit status says whether exactly `booked` clients have the slot, each
        with a host of their own, and every other one a clear 409 with alternatives."""
        if self.wanted.start:
            self._add_up(environment.parsed_options.num_users, booked)
        for sentence in sorted(self.wrong):
            print(f"WRONG: {sentence}")
        print("FAILED" if self.wrong else f"PASSED: {booked} booked, the others refused with alternatives")
        recording.write(winners=self.statuses[201], expected=booked, wrong=sorted(self.wrong))
        environment.process_exit_code = 1 if self.wrong else 0

    def _add_up(self, clients: int, booked: int) -> None:
        print(f"answers: {dict(sorted(self.statuses.items()))}   reasons: {dict(self.codes)}")
        if self.statuses[201] != booked:
            self.wrong.add(f"{self.statuses[201]} bookings were made, not {booked}")
        if self.statuses[409] != clients - booked:
            self.wrong.add(f"{self.statuses[409]} clients were told 409, not {clients - booked}")
        if self.without_alternatives:
            self.wrong.add(f"{self.without_alternatives} refusals came without alternatives")
        self.wrong |= {f"{host} was booked {times} times" for host, times in self.hosts.items() if times > 1}


class Rusher(HttpUser):
    """A client who waits at the gate, posts one booking, and notes the answer."""

    abstract = True
    rush: Rush

    @task
    def book(self) -> None:
        """One booking of the slot that everybody wants."""
        self.rush.gate.wait()
        if not self.rush.wanted.start:
            raise StopUser
        with self.client.post(
            "/api/v1/bookings",
            json=booking(self.rush.event_type, self.rush.wanted),
            headers=headers(self.rush.site, str(self.host)),
            timeout=60,
            catch_response=True,
        ) as answer:
            self.rush.note(answer.status_code, document_of(answer.text))
            if answer.status_code in (201, 409):
                answer.success()
        if sum(self.rush.statuses.values()) >= self.environment.parsed_options.num_users:
            self.environment.runner.quit()
        raise StopUser


def document_of(text: str | None) -> dict[str, Any]:
    """The JSON object of an answer, empty if it is none."""
    try:
        document = json.loads(text or "")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def headers(site: str, host: str) -> dict[str, str]:
    """The Host header of a tenant (`acme.localhost`) at the port that `host` names, and the usual ones."""
    port = urlsplit(host).port
    return {
        "Host": f"{site}:{port}" if port else site,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def open_slots(
    host: str, *, site: str, event_type: str, ask: Callable[[str], dict[str, Any]] | None = None
) -> list[Slot]:
    """The open slots of the next eight weeks, by start; `ask` fetches a path, urllib if it is None.

    Raises `SlotsUnread` if the server does not answer urllib with 200 and a document.
    """
    today = datetime.now(UTC).date()
    query = urlencode({"event_type": event_type, "start": today, "end": today + HORIZON, "time_zone": "UTC"})
    path = f"/api/v1/slots?{query}"
    days = ask(path).get("slots", {}) if ask else _fetched(f"{host}{path}", headers(site, host))["slots"]
    found = [
        Slot(slot["start"], slot["end"], tuple(slot.get("hosts", ())))
        for day in days.values()
        for slot in day
    ]
    return sorted(found, key=lambda slot: slot.start)


def _fetched(url: str, sent: dict[str, str]) -> dict[str, Any]:
    """Fetch a document that has `slots`. Raises `SlotsUnread`."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=sent), timeout=30) as answer:
            document = document_of(answer.read().decode(errors="replace"))
    except (OSError, HTTPException) as error:
        raise SlotsUnread(f"the slots of {sent['Host']} could not be read: {error}") from None
    if "slots" not in document:
        raise SlotsUnread(f"the slots of {sent['Host']} could not be read: the answer has none")
    return document


class SlotsUnread(Exception):
    """The first look at the slots failed: without one nothing can be wanted."""


def booking(event_type: str, slot: Slot) -> dict[str, Any]:
    """The body of one client's booking."""
    name = uuid.uuid4().hex[:12]
    return {
        "event_type": event_type,
        "start": slot.start,
        "time_zone": "Europe/Lisbon",
        "attendee": {"name": f"Load {name}", "email": f"{name}@load.example"},
    }
