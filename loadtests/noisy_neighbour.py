"""One tenant floods, another's clients must not feel it: first the neighbour is alone, then beside the flood.

    HOLDFAST_PUBLIC_RATE=off bin/run
    SITE=bench.localhost NOISY=noisy.localhost locust -f loadtests/noisy_neighbour.py --headless -u 26 -r 26 -t 30s …

A quarter of the time the neighbour's two clients are alone; then everybody else floods NOISY without a pause. Exit
status 1 if the neighbour's p95 beside the flood is more than three times the one alone and a tenth of a second, if
one of its answers took two seconds more than that, if it got too few, if it was told 429, if anybody got a 5xx, or
if one side booked nothing, for then there was no load. With TRUTH_ONLY=1 the speed is told and not judged.
"""

import os
import time

from locust import HttpUser, constant, constant_pacing, events, task
from locust.env import Environment
from locust.exception import StopUser

import recording
from rush import SlotsUnread, booking, headers, open_slots

SITE, NOISY = os.environ.get("SITE", "bench.localhost"), os.environ.get("NOISY", "noisy.localhost")
TIMES, MORE_MS = 3, 100
LONGEST_MS = 2_000  # one answer may take so much longer than p95 may; a short stall moves no percentile
NEIGHBOURS, PACE = 2, 0.1  # seconds from one look to the next
TRUTH_ONLY = bool(os.environ.get("TRUTH_ONLY"))
ALONE, BESIDE, FLOOD = "neighbour, alone", "neighbour, beside the flood", "flood"
wrong: dict[str, int] = {}
flood_from = 0.0


class Neighbour(HttpUser):
    """Somebody who looks at the month and books now and then."""

    fixed_count = NEIGHBOURS
    wait_time = constant_pacing(PACE)

    def on_start(self) -> None:
        """Look once, uncounted, so that neither phase pays for the first visit."""
        self.looked = 5  # the third time books, also where one look takes long
        try:
            self.slots = open_slots(str(self.host), site=SITE, event_type="team")
        except SlotsUnread as unread:
            wrong[str(unread)] = wrong.get(str(unread), 0) + 1
            raise StopUser from unread

    @task
    def look(self) -> None:
        """Look at the month; every eighth time book."""
        name = BESIDE if time.time() >= flood_from else ALONE
        self.looked += 1
        if self.looked % 8:
            path = f"/api/v1/slots?event_type=team&start={self.slots[0].start[:10]}&end={self.slots[-1].start[:10]}"
            _ask(self, "GET", f"{path}&time_zone=UTC", name, SITE)
        elif self.slots:
            _ask(self, "POST", "/api/v1/bookings", name, SITE, json=booking("team", self.slots.pop()))


class Flooder(HttpUser):
    """One of a crowd that asks another tenant without a pause."""

    wait_time = constant(0)

    @task
    def flood(self) -> None:
        """Ask for two months, again and again."""
        if time.time() < flood_from:
            time.sleep(0.1)
            return
        slots = open_slots(str(self.host), site=NOISY, event_type="thirty", ask=self._listed)
        if slots:
            _ask(self, "POST", "/api/v1/bookings", FLOOD, NOISY, json=booking("thirty", slots[0]))

    def _listed(self, path: str) -> dict[str, object]:
        return _ask(self, "GET", path, FLOOD, NOISY)


def _ask(user: HttpUser, method: str, path: str, name: str, site: str, **more: object) -> dict[str, object]:
    with user.client.request(
        method,
        path,
        name=name,
        headers=headers(site, str(user.host)),
        timeout=60,
        catch_response=True,
        **more,
    ) as answer:  # type: ignore[arg-type]
        if answer.status_code in {200, 201, 409} | ({429} if site == NOISY else set()):
            answer.success()  # the flood may be told to wait; the neighbour may not
        else:
            words = f"{name} was answered {answer.status_code}"
            wrong[words] = wrong.get(words, 0) + 1
        try:
            document: dict[str, object] = answer.json()
        except ValueError:
            document = {}
    return document


@events.test_start.add_listener
def plan(environment: Environment, **_: object) -> None:
    """The neighbour is alone for a quarter of the time."""
    global flood_from
    flood_from = time.time() + (environment.parsed_options.run_time or 20) / 4


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Compare the two phases."""
    said = [f"{words} ({count} times)" for words, count in wrong.items()]
    missing = _not_measured()
    felt = [] if missing else _felt(recording.last_at() - flood_from)
    said += missing or ([] if TRUTH_ONLY else felt)
    print("FAILED: " + "; ".join(said) if said else "PASSED")
    recording.write(winners=recording.bookings(), expected=None, wrong=said)
    environment.process_exit_code = 1 if said else 0


def _not_measured() -> list[str]:
    """What was missing, so that the phases cannot be compared: answers of each phase, a booking of each side."""
    alone, beside, flood = (recording.statuses_of(name) for name in (ALONE, BESIDE, FLOOD))
    missing = [
        words
        for words, is_missing in (
            ("no answer to the neighbour alone", not alone),
            ("no answer to the neighbour beside the flood", not beside),
            ("the neighbour booked nothing", not alone[201] + beside[201]),
            (f"the flood booked nothing, its answers were {dict(flood)}", not flood[201]),
        )
        if is_missing
    ]
    return [f"nothing was measured: {'; '.join(missing)}"] if missing else []


def _felt(beside_seconds: float) -> list[str]:
    """How the neighbour felt the flood, in sentences; none if it did not."""
    alone, beside = (recording.percentile(recording.times_of(name), 95) for name in (ALONE, BESIDE))
    limit = alone * TIMES + MORE_MS
    longest, count = max(recording.times_of(BESIDE)), len(recording.times_of(BESIDE))
    least = NEIGHBOURS * beside_seconds / max(PACE, limit / 1000) / 2  # half of what the limit lets through
    judged = ", not judged" if TRUTH_ONLY else ""
    print(
        f"p95 alone {alone:.0f} ms, beside {beside:.0f} ms (limit {limit:.0f} ms{judged}), "
        f"longest {longest:.0f} ms; "
        f"{count} answers beside, {len(recording.times_of(FLOOD))} of the flood"
    )
    said = []
    if beside > limit:
        said.append(f"the neighbour's p95 is {beside:.0f} ms beside the flood, {alone:.0f} ms alone")
    if longest > limit + LONGEST_MS:
        said.append(f"the neighbour waited {longest:.0f} ms for one answer beside the flood")
    if count < least:
        said.append(f"the neighbour got {count} answers beside the flood, not {least:.0f}")
    return said
