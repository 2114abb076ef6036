"""The same requests, spread over many tenants: the laboratory runs it with 10, 100 and 1,000 and compares the CPU.

    SITES=many-1.localhost,many-2.localhost locust -f loadtests/many_tenants.py --headless -u 8 -r 8 -t 20s --host …

Two looks at the month for each booking, always at a tenant by chance. Exit status 1 if an answer is none of
200, 201, 409.
"""

import os
import random
from collections import Counter

from locust import HttpUser, constant, events, task
from locust.env import Environment

import recording
from rush import booking, headers, open_slots

SITES = os.environ.get("SITES", "bench.localhost").split(",")
odd: Counter[str] = Counter()
booked: Counter[int] = Counter()


class Client(HttpUser):
    """A client of one tenant after another."""

    wait_time = constant(0.02)

    @task
    def visit(self) -> None:
        """Look at a tenant's month twice, then book what was open."""
        site = random.choice(SITES)
        slots = open_slots(
            str(self.host), site=site, event_type="thirty", ask=lambda path: self.ask(site, path)
        )
        self.ask(
            site, "/api/v1/slots?event_type=sixty&" + _month(slots[0].start[:10] if slots else "2027-01-04")
        )
        if slots:
            made = booking("thirty", random.choice(slots))
            self.ask(site, "/api/v1/bookings", "POST", json=made)

    def ask(self, site: str, path: str, method: str = "GET", **more: object) -> dict[str, object]:
        """Ask the site and return the document."""
        name = "book" if method == "POST" else "slots"
        with self.client.request(
            method,
            path,
            name=name,
            headers=headers(site, str(self.host)),
            timeout=60,
            catch_response=True,
            **more,
        ) as answer:  # type: ignore[arg-type]
            booked[answer.status_code] += method == "POST"
            if answer.status_code in (200, 201, 409):
                answer.success()
                document: dict[str, object] = answer.json()
                return document
            odd[f"{name} was answered {answer.status_code}"] += 1
            return {}


def _month(start: str) -> str:
    return f"start={start}&end={start}&time_zone=UTC"


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Say what was odd."""
    said = [f"{words} ({count} times)" for words, count in odd.items()]
    said += [] if booked[201] else ["nobody booked"]
    print(
        f"{len(SITES)} tenants: {booked[201]} bookings. "
        + ("FAILED: " + "; ".join(said) if said else "PASSED")
    )
    recording.write(winners=booked[201], expected=None, wrong=said)
    environment.process_exit_code = 1 if said else 0
