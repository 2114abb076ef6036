"""The same requests, spread over many tenants: the laboratory runs it with 10, 100 and 1,000 and compares the CPU.

    SITES=many-1.localhost,many-2.localhost locust -f loadtests/many_tenants.py --headless -u 8 -r 8 -t 20s --host …

Two looks at the month for each booking, always at a tenant by chance. With VISITS=40 it is the warm-up instead: each
tenant is visited so often, in a shuffled order, without a pause, and then it ends: what a session or a worker learns
of a tenant on its first visit is no request's cost. Exit status 1 if an answer is none of 200, 201, 409, if a look
found no open time (then fewer bookings are compared with as many looks), or if a visit of the warm-up is missing.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator

from locust import HttpUser, constant, events, task
from locust.env import Environment
from locust.exception import StopUser

import recording
from rush import booking, headers, open_slots

SITES = os.environ.get("SITES", "bench.localhost").split(",")
VISITS = int(os.environ.get("VISITS", "0"))  # of each tenant, if it is the warm-up
REQUESTS = 3  # of a visit
odd: Counter[str] = Counter()
booked: Counter[int] = Counter()
visited: Counter[str] = Counter()


def in_turn(sites: list[str], visits: int) -> Iterator[str]:
    """Each site so many times: all of them in an order by chance, the same in each run, then all of them in another."""
    order = random.Random(len(sites))
    for _ in range(visits):
        yield from order.sample(sites, len(sites))


to_visit = in_turn(SITES, VISITS)


class Client(HttpUser):
    """A client of one tenant after another."""

    wait_time = constant(0 if VISITS else 0.02)
    went_home = 0

    @task
    def come_by(self) -> None:
        """Visit a tenant by chance; in the warm-up the next one, and the last client who finds none ends it."""
        site = next(to_visit, None) if VISITS else random.choice(SITES)
        if site is None:
            Client.went_home += 1
            if Client.went_home == self.environment.parsed_options.num_users:
                self.environment.runner.quit()
            raise StopUser
        self.visit(site)
        visited[site] += 1

    def visit(self, site: str) -> None:
        """Look at a tenant's month twice, then book what was open."""
        slots = open_slots(
            str(self.host), site=site, event_type="thirty", ask=lambda path: self.ask(site, path)
        )
        self.ask(
            site, "/api/v1/slots?event_type=sixty&" + _month(slots[0].start[:10] if slots else "2027-01-04")
        )
        if slots:
            made = booking("thirty", random.choice(slots))
            self.ask(site, "/api/v1/bookings", "POST", json=made)
        else:
            odd["a look found no open time, so nothing was booked"] += 1

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


@events.test_start.add_listener
def count_visits(**_: object) -> None:
    """How far the warm-up is stands in each line of progress."""
    if VISITS:
        recording.expect(len(SITES) * VISITS * REQUESTS)


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Say what was odd."""
    said = [f"{words} ({count} times)" for words, count in odd.items()]
    said += [] if booked[201] else ["nobody booked"]
    missed = [site for site in SITES if visited[site] < VISITS]
    said += [f"{len(missed)} tenants were not visited {VISITS} times"] if missed else []
    print(
        f"{len(SITES)} tenants{', the warm-up' if VISITS else ''}: {booked[201]} bookings. "
        + ("FAILED: " + "; ".join(said) if said else "PASSED")
    )
    recording.write(winners=booked[201], expected=None, wrong=said)
    environment.process_exit_code = 1 if said else 0
