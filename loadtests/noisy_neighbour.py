"""One tenant floods, another's clients must not feel it: first the neighbour is alone, then beside the flood.

    HOLDFAST_PUBLIC_RATE=off bin/run
    SITE=bench.localhost NOISY=noisy.localhost locust -f loadtests/noisy_neighbour.py --headless -u 26 -r 26 -t 30s …

A quarter of the time the neighbour's two clients are alone; then everybody else floods NOISY without a pause. Exit
status 1 if the neighbour's p95 beside the flood is more than three times the one alone and a tenth of a second, or
if anybody got a 5xx.
"""

import os
import time

from locust import HttpUser, constant, constant_pacing, events, task
from locust.env import Environment

import recording
from rush import booking, headers, open_slots

SITE, NOISY = os.environ.get("SITE", "bench.localhost"), os.environ.get("NOISY", "noisy.localhost")
TIMES, MORE_MS = 3, 100
ALONE, BESIDE, FLOOD = "neighbour, alone", "neighbour, beside the flood", "flood"
wrong: dict[str, int] = {}
flood_from = 0.0


class Neighbour(HttpUser):
    """Somebody who looks at the month and books now and then."""

    fixed_count = 2
    wait_time = constant_pacing(0.1)

    def on_start(self) -> None:
        """Look once, uncounted, so that neither phase pays for the first visit."""
        self.slots = open_slots(str(self.host), site=SITE, event_type="team")
        self.looked = 0

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
        if answer.status_code in (200, 201, 409, 429, 503 if site == NOISY else 200):
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
    alone, beside = (recording.percentile(recording.times_of(name), 95) for name in (ALONE, BESIDE))
    limit = alone * TIMES + MORE_MS
    said = [f"{words} ({count} times)" for words, count in wrong.items()]
    if beside > limit:
        said.append(f"the neighbour's p95 is {beside:.0f} ms beside the flood, {alone:.0f} ms alone")
    flood = len(recording.times_of(FLOOD))
    print(
        f"p95 alone {alone:.0f} ms, beside {beside:.0f} ms (limit {limit:.0f} ms); {flood} answers of the flood"
    )
    if not recording.times_of(BESIDE) or not flood:
        said.append("nothing was measured")
    print("FAILED: " + "; ".join(said) if said else "PASSED")
    recording.write(winners=recording.bookings(), expected=None, wrong=said)
    environment.process_exit_code = 1 if said else 0
