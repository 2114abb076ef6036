"""Promise 6. New booking, cancellation, reminder and error handler run on their own: a client acts over HTTP, or the
time comes, a worker works, and nobody calls anything else. A failed run gives the slot back, tells the people, and is
reported as one incident in words."""

from datetime import datetime
from typing import Any

from django.test import Client
from pytest_django.fixtures import Settings

from audit.api import runs
from booking.api import Meeting, Reminder, get_booking, incidents
from jobs.api import drain
from kernel.clock import now
from providers.models import Room
from tests.booking.reminding import let_come
from tests.database import World
from tests.portal.api.asking import BRUNO, at, bearer, book, read, send, token_of
from tests.promises.conftest import Calendar
from tests.promises.scene import eventually, mails_to, perform_all, working
from tests.simulators.smtp import MailSink

BRUNOS, ANA, TEAM = BRUNO["email"], "ana@acme.example", "owner@acme.example"
NEW_BOOKING = [
    "check_calendars", "create_meeting", "verify_link", "confirm_booking", "send_confirmation",
    "write_calendar_event", "notify_team",
]  # fmt: skip
REMINDER = ["check_reminder", "prove_link_again", "send_reminder"]
REPORTED = [("error_handler", "done"), ("new_booking", "failed")]
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
        eventually(lambda: _stands(acme, booking) == "failed" and len(mails.received) == 3)
        eventually(lambda: [each[:2] for each in _ran(world)] == REPORTED)
    assert (len(mails_to(mails, BRUNOS)), len(mails_to(mails, TEAM))) == (1, 2)
    with world.enter("acme"):
        said = [(each.kind, each.consequence.partition(":")[0], each.seen) for each in incidents()]
    assert said == [("meeting_link_failed", "Bruno Dias’s intro call was not confirmed", 1)]
    assert book(acme, at(10)).status_code == 201


def test_a_reminder_goes_out_by_itself_with_its_link_tested_again(
    world: World, acme: Client, web: str, mails: MailSink
) -> None:
    booking = read(book(acme, at(10)))
    with working(), world.enter("acme"):
        eventually(lambda: get_booking(booking["uid"]).status == "confirmed" and len(mails.received) == 3)
        proved_at = _proved_at()
        let_come(get_booking(booking["uid"]))
        eventually(lambda: _ran_here()[0] == ("reminder", "done", REMINDER))
        assert _proved_at() > proved_at
        assert runs()[0].sentence.startswith("Reminded Bruno Dias of the intro call on ")
    assert _subjects(mails) == ["Confirmed", "Reminder"]


def test_nobody_is_reminded_of_a_time_that_moved(
    world: World, acme: Client, web: str, mails: MailSink
) -> None:
    booking = read(book(acme, at(10)))
    perform_all()
    with world.enter("acme"):
        reminder = let_come(get_booking(booking["uid"]))  # its job is due, and the move comes first
    send(
        acme, f"/api/v1/bookings/{booking['uid']}/reschedule", {"start": at(16)},
        headers=bearer(token_of(booking)),
    )  # fmt: skip
    perform_all()
    with world.enter("acme"):
        reminder.refresh_from_db()
        assert (reminder.state, reminder.because) == ("skipped", "The booking has another time by now.")
        ahead = {each.starts_at for each in Reminder.objects.filter(state="due")}
        assert ahead == {datetime.fromisoformat(at(16))}
    assert "Reminder" not in _subjects(mails)


def test_nobody_is_reminded_with_a_link_that_is_dead(
    world: World, acme: Client, web: str, mails: MailSink
) -> None:
    booking = read(book(acme, at(10)))
    perform_all()
    with world.enter("acme"):
        let_come(get_booking(booking["uid"]))
        dead = Meeting.objects.get().join_url
        Room.objects.update(cancelled_at=now())
        drain()
        assert "Reminder" not in _subjects(mails)
        asked = [(each.kind, each.repair) for each in incidents(open_only=False)]
        assert asked == [("dead_room_link", "dead_room_link")]
        perform_all()  # the fixer makes the link anew, and the reminder that waited goes out with it
        assert (_subjects(mails)[-1], incidents()) == ("Reminder", [])
        text = mails.received[-1].mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert (text.splitlines()[1], dead in text) == (f"Join: {Meeting.objects.get().join_url}", False)


def test_the_same_fault_is_one_incident_however_often_it_is_seen(
    world: World, acme: Client, settings: Settings, mails: MailSink
) -> None:
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"
    book(acme, at(10))
    book(acme, at(14))
    perform_all()
    with world.enter("acme"):
        assert [(each.kind, each.seen) for each in incidents()] == [("meeting_link_failed", 2)]
    told = [subject for subject in mails_to(mails, TEAM) if subject.strip().startswith("Incident")]
    assert len(told) == 1


def _stands(acme: Client, booking: Any) -> str:
    answer = acme.get(f"/api/v1/bookings/{booking['uid']}", headers=bearer(token_of(booking)))
    return str(read(answer)["status"])


def _subjects(mails: MailSink) -> list[str]:
    """Return the first words of the client's mails, in order."""
    return [subject.split(":")[0].strip() for subject in mails_to(mails, BRUNOS)]


def _proved_at() -> datetime:
    proved_at = Meeting.objects.get().link_proved_at
    assert proved_at is not None
    return proved_at


def _ran(world: World) -> list[tuple[str, str, list[str]]]:
    """Return the runs, newest first: workflow, state, and the steps that are done."""
    with world.enter("acme"):
        return _ran_here()


def _ran_here() -> list[tuple[str, str, list[str]]]:
    return [
        (run.workflow, run.state, [step.action for step in run.steps if step.state == "done"])
        for run in runs()
    ]
