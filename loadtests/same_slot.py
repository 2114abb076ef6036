"""Everybody wants the same slot: 200 clients, one 201, 199 clear 409s with alternatives, nothing else.

    HOLDFAST_PUBLIC_RATE=off bin/run
    locust -f loadtests/same_slot.py --headless -u 200 -r 200 --host http://127.0.0.1:8000 --only-summary

SITE and EVENT_TYPE choose another tenant and meeting type (one host). Exit status 1 if the
answers do not add up.
"""

import os

from locust import events
from locust.env import Environment

from rush import Rush, Rusher

everybody = Rush(
    site=os.environ.get("SITE", "acme.localhost"), event_type=os.environ.get("EVENT_TYPE", "intro-call")
)


class Client(Rusher):
    """One of the many."""

    rush = everybody


@events.test_start.add_listener
def choose(environment: Environment, **_: object) -> None:
    """A slot in the middle, so that there are alternatives around it."""
    everybody.choose(environment, lambda slots: slots[len(slots) // 2])


@events.test_stop.add_listener
def tell(environment: Environment, **_: object) -> None:
    """Exactly one of them has it."""
    everybody.finish(environment, booked=1)
