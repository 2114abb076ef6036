"""More clients than free hosts at one start: M clients and N hosts make exactly min(M, N) bookings.

    HOLDFAST_PUBLIC_RATE=off bin/run
    locust -f loadtests/round_robin_rush.py --headless -u 20 -r 20 --host http://127.0.0.1:8000 --only-summary

SITE and EVENT_TYPE choose another tenant and round robin. Exit status 1 if the answers do not add up.
"""

import os

from locust import events
from locust.env import Environment

from rush import Rush, Rusher

everybody = Rush(
    site=os.environ.get("SITE", "northwind.localhost"), event_type=os.environ.get("EVENT_TYPE", "meet")
)


class Client(Rusher):
    """One of the many; names no host, takes anyone who is free."""

    rush = everybody


@events.test_start.add_listener
def choose(environment: Environment, **_: object) -> None:
    """The first start that the most hosts are free for."""
    everybody.choose(environment, lambda slots: max(slots, key=lambda slot: len(slot.hosts)))


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """As many bookings as there were free hosts."""
    everybody.finish(
        environment, booked=min(environment.parsed_options.num_users, len(everybody.wanted.hosts))
    )
