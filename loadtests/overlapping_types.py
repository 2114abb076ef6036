"""A long and a short meeting type of one host, overlapping, posted at one moment, fifty times (ROUNDS): never both.

    HOLDFAST_PUBLIC_RATE=off bin/run
    locust -f loadtests/overlapping_types.py --headless -u 1 --host http://127.0.0.1:8000 --only-summary

Each round wants the short meeting inside the long one, at another start, so that only the guard can tell. SITE, LONG
and SHORT choose others. Exit status 1 unless all rounds were run, and each made exactly one booking and one 409
that says that the time was taken.
"""

import os
from collections import Counter

import gevent
from locust import HttpUser, events, task
from locust.env import Environment
from locust.exception import StopUser

import recording
from booking.contention.verdict import REFUSED
from rush import Slot, SlotsUnread, booking, document_of, headers, open_slots

SITE = os.environ.get("SITE", "acme.localhost")
LONG, SHORT = os.environ.get("LONG", "consultation"), os.environ.get("SHORT", "intro-call")
ROUNDS = int(os.environ.get("ROUNDS", "50"))
ends: Counter[tuple[int, ...]] = Counter()
wrong: Counter[str] = Counter()


class Pair(HttpUser):
    """Two people at one moment, round after round."""

    @task
    def race(self) -> None:
        """Run the rounds one after the other."""
        for pair in self.pairs()[:ROUNDS]:
            posts = [
                gevent.spawn(self.post, event_type, slot)
                for event_type, slot in zip((LONG, SHORT), pair, strict=True)
            ]
            gevent.joinall(posts)
            ends[tuple(sorted(greenlet.get() for greenlet in posts))] += 1
        self.environment.runner.quit()
        raise StopUser

    def pairs(self) -> list[tuple[Slot, Slot]]:
        """The pairs that can be posted now; none if the slots cannot be read: an error would be repeated endlessly."""
        host = str(self.host)
        try:
            return overlapping_pairs(
                open_slots(host, site=SITE, event_type=LONG), open_slots(host, site=SITE, event_type=SHORT)
            )
        except SlotsUnread as unread:
            wrong[str(unread)] += 1
            return []

    def post(self, event_type: str, slot: Slot) -> int:
        """Post one booking and return the status."""
        with self.client.post(
            "/api/v1/bookings", name="book", json=booking(event_type, slot), timeout=60, catch_response=True,
            headers=headers(SITE, str(self.host)),
        ) as answer:  # fmt: skip
            if answer.status_code in (201, 409):
                answer.success()
            code = document_of(answer.text).get("code")
            if answer.status_code == 409 and code not in REFUSED:
                wrong[f"a client was refused for {code}, not because the time was taken"] += 1
            return int(answer.status_code)


def overlapping_pairs(longs: list[Slot], shorts: list[Slot]) -> list[tuple[Slot, Slot]]:
    """Pairs of a long slot and a short one that starts inside it; no two pairs overlap."""
    pairs: list[tuple[Slot, Slot]] = []
    taken_until = ""
    for long in longs:
        inside = [short for short in shorts if long.start < short.start < long.end]
        if inside and long.start >= taken_until:
            pairs.append((long, inside[-1]))
            taken_until = max(long.end, inside[-1].end)
    return pairs


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Print how the rounds ended."""
    print(f"rounds by their two answers: {dict(ends)}")
    rounds = sum(ends.values())
    said = list(wrong)
    said += [f"{count} rounds ended {end}" for end, count in ends.items() if end != (201, 409)]
    if rounds < ROUNDS:
        why = "" if wrong else ": no more overlapping pairs are open"
        said.append(f"{rounds} rounds were run, not {ROUNDS}{why}")
    print(f"PASSED: {rounds} rounds, never both" if not said else "FAILED: " + "; ".join(said))
    winners = sum(end.count(201) * count for end, count in ends.items())
    recording.write(winners=winners, expected=ROUNDS, wrong=said)
    environment.process_exit_code = 1 if said else 0
