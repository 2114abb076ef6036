"""An ordinary day: people look at times, some book, some of those move or cancel. No promise may break.

    HOLDFAST_PUBLIC_RATE=off bin/run
    locust -f loadtests/mixed_day.py --headless -u 20 -r 10 -t 30s --host http://127.0.0.1:8000 --only-summary

SITE and EVENT_TYPE choose another tenant and meeting type. A lost race (409 with a reason) is part of the day;
any 5xx, any answer that the API does not document, a refusal without a reason or without its alternatives (to who
books there must be some while others were open nearby), or a day on which one of the five things never succeeded is
not: exit status 1.
"""

import os
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from locust import HttpUser, between, events, task
from locust.env import Environment

import recording
from rush import Slot, booking, document_of, headers, open_slots

SITE = os.environ.get("SITE", "northwind.localhost")
EVENT_TYPE = os.environ.get("EVENT_TYPE", "meet")
NEAR = timedelta(days=6)
PLENTY = 20  # so many starts near one that was wanted are not all taken between a look and an answer
PARTS = (50, 95, 99)
PARTS_OF_A_DAY = ("slots", "page", "book", "move", "cancel")


class Day:
    """What the day added up to: answers by what was asked, and what no day may hold."""

    answers: Counter[tuple[str, int]] = Counter()
    wrong: Counter[str] = Counter()

    def note(
        self, what: str, status: int, allowed: set[int], document: dict[str, Any], *, others: bool = False
    ) -> bool:
        """Count an answer; say whether it belongs to an ordinary day. `others`: other starts were open nearby."""
        self.answers[what, status] += 1
        fault = "" if status in allowed else document.get("code") or "without a reason"
        if status == 409 and not fault:
            fault = _lacking_of(document, others=others)
        if fault:
            self.wrong[f"{what} was answered {status} {fault}"] += 1
        return not fault

    def lacking(self) -> list[str]:
        """What never succeeded, in words: what nobody could do was not tried under load."""
        done = {what for (what, status), count in self.answers.items() if 200 <= status < 300 and count}
        return [f"no {what} ever succeeded" for what in PARTS_OF_A_DAY if what not in done]


def _lacking_of(refusal: dict[str, Any], *, others: bool) -> str:
    """What a 409 lacks of what the API promises; "" if nothing. Where no other start is open it has none to offer."""
    if not refusal.get("code"):
        return "without a reason"
    found = refusal.get("alternatives")
    return "" if found or (found == [] and not others) else f"{refusal['code']} without alternatives"


day = Day()


class Person(HttpUser):
    """Somebody with a wish for a meeting, and what they have booked so far."""

    wait_time = between(0.05, 0.4)
    slots: list[Slot]

    def on_start(self) -> None:
        """Look at the times once."""
        self.booked: list[tuple[str, str]] = []
        self.slots = []
        self.look_at_times()

    @task(8)
    def look_at_times(self) -> None:
        """Look at the month."""
        self.slots = open_slots(str(self.host), site=SITE, event_type=EVENT_TYPE, ask=self._listed)

    @task(2)
    def open_the_page(self) -> None:
        """Open the business's first page."""
        self._ask("page", "GET", "/", allowed={200})

    @task(3)
    def book(self) -> None:
        """Book a time that was open a moment ago."""
        if not self.slots:
            return
        slot = random.choice(self.slots)
        made = self._ask(
            "book", "POST", "/api/v1/bookings", allowed={201, 409}, others=self._others(slot),
            json=booking(EVENT_TYPE, slot),
        )  # fmt: skip
        if "manage_url" in made:
            self.booked.append((made["uid"], made["manage_url"].rstrip("/").rsplit("/", 1)[1]))

    @task(1)
    def move(self) -> None:
        """Move one of the bookings; it may be under way still, or the time gone."""
        if self.booked and self.slots:
            uid, token = self._one_of_the_booked()
            start = random.choice(self.slots).start
            self._change("move", uid, token, "reschedule", {"start": start})

    @task(1)
    def cancel(self) -> None:
        """Cancel one of the bookings."""
        if self.booked:
            uid, token = self._one_of_the_booked()
            self._change("cancel", uid, token, "cancel", {"reason": "The day is over."})

    def _others(self, slot: Slot) -> bool:
        """Whether this person's last look had more starts within six days of this one; the API offers seven."""
        wanted = datetime.fromisoformat(slot.start)
        near = [each for each in self.slots if abs(datetime.fromisoformat(each.start) - wanted) < NEAR]
        return len(near) > PLENTY

    def _one_of_the_booked(self) -> tuple[str, str]:
        return self.booked.pop(random.randrange(len(self.booked)))

    def _change(self, what: str, uid: str, token: str, verb: str, body: dict[str, str]) -> None:
        self._ask(
            what, "POST", f"/api/v1/bookings/{uid}/{verb}", allowed={200, 409},
            json=body, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def _listed(self, path: str) -> dict[str, Any]:
        return self._ask("slots", "GET", path, allowed={200})

    def _ask(
        self, what: str, method: str, path: str, *, allowed: set[int], others: bool = False, **more: Any
    ) -> dict[str, Any]:
        sent = {**headers(SITE, str(self.host)), **more.pop("headers", {})}
        with self.client.request(
            method, path, name=what, headers=sent, timeout=60, catch_response=True, **more
        ) as answer:
            document = document_of(answer.text)
            if day.note(what, answer.status_code, allowed, document, others=others):
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {document.get('code', '')}")
        return document


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Print the tally and the times; the exit status says whether it was an ordinary day."""
    for what in PARTS_OF_A_DAY:
        counts = {status: count for (name, status), count in sorted(day.answers.items()) if name == what}
        entry = next(
            (each for (name, _method), each in environment.stats.entries.items() if name == what), None
        )
        times = [round(entry.get_response_time_percentile(part / 100)) for part in PARTS] if entry else []
        print(f"{what:<8} {counts}   p50/p95/p99 ms: {'/'.join(map(str, times)) or 'none'}")
    said = [*(f"{sentence} ({count} times)" for sentence, count in day.wrong.items()), *day.lacking()]
    for sentence in said:
        print(f"WRONG: {sentence}")
    booked, total, wrong = day.answers["book", 201], sum(day.answers.values()), sum(day.wrong.values())
    print(f"{'FAILED' if said else 'PASSED'}: {total} requests, {booked} bookings, {wrong} wrong answers")
    recording.write(winners=booked, expected=None, wrong=said)
    environment.process_exit_code = 1 if said else 0
