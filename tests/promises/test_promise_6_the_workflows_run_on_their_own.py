"""Promise 6. New booking and cancellation run on their own: a client acts over HTTP, a worker works, and nobody
calls anything else. Reminder, error handler, health check and fixer come with the next issue; what stands of
them here is that a failed run gives the slot back and tells the people by itself."""

from typing import Any

from django.test import Client
from pytest_django.fixtures import Settings

from audit.api import runs
from providers.models import Room
from tests.database import World
from tests.portal.api.asking import BRUNO, at, bearer, book, read, send, token_of
from tests.promises.conftest import Calendar
from tests.promises.scene import eventually, mails_to, working
from tests.simulators.smtp import MailSink

BRUNOS, ANA, TEAM = BRUNO["email"], "ana@acme.example", "owner@acme.example"
NEW_BOOKING = [
    "check_calendars", "create_meeting", "verify_link", "confirm_booking", "send_confirmation",
    "write_calendar_event", "notify_team", "notify_webhooks",
]  # fmt: skip
CANCELLATION = [
    "free_slot", "cancel_meeting", "delete_calendar_event", "send_cancellation", "notify_team", "notify_webhooks",
]  # fmt: skip


def test_promise_6_the_workflows_run_on_their_own(
    world: World, acme: Client, web: str, mails: MailSink, calendar: Calendar
) -> None:
    with working():
        booking = read(book(acme, at(10)))
        eventually(lambda: _stands(acme, booking) == "confirmed" and len(mails.received) == 3)
        eventually(lambda: _ran(world) == [("new_booking", "done", NEW_BOOKING)])
        assert len(calendar.texts()) == 1
        send(acme, f"/api/v1/bookings/{booking['uid']}/cancel", {}, headers=bearer(token_of(booking)))
        assert _stands(acme, booking) == "cancelled"
        eventually(
            lambda: (
                _ran(world) == [("cancellation", "done", CANCELLATION), ("new_booking", "done", NEW_BOOKING)]
            )
        )
    assert calendar.texts() == []
    for address in (BRUNOS, ANA, TEAM):
        assert len(mails_to(mails, address)) == 2
    with world.enter("acme"):
        assert [each.cancelled_at is not None for each in Room.objects.all()] == [True]
    assert book(acme, at(10)).status_code == 201


def test_a_run_that_fails_ends_and_tells_by_itself(
    world: World, acme: Client, settings: Settings, mails: MailSink
) -> None:
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"  # nothing answers: no room can be proven
    with working():
        booking = read(book(acme, at(10)))
        eventually(lambda: _stands(acme, booking) == "failed" and len(mails.received) == 2)
        eventually(lambda: [state for _, state, _ in _ran(world)] == ["failed"])
    assert (len(mails_to(mails, BRUNOS)), len(mails_to(mails, TEAM))) == (1, 1)
    assert book(acme, at(10)).status_code == 201


def _stands(acme: Client, booking: Any) -> str:
    answer = acme.get(f"/api/v1/bookings/{booking['uid']}", headers=bearer(token_of(booking)))
    return str(read(answer)["status"])


def _ran(world: World) -> list[tuple[str, str, list[str]]]:
    """Return the runs, newest first: workflow, state, and the steps that are done."""
    with world.enter("acme"):
        return [
            (run.workflow, run.state, [step.action for step in run.steps if step.state == "done"])
            for run in runs()
        ]
