"""Reminders: planned by the confirmation, due by their own job, proven first, sent once, skipped with a reason."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.api import entries, get_run, runs, undo_preview, undo_run, undo_step, undo_step_preview
from audit.models import Run
from booking.api import (
    Booking,
    Incident,
    Meeting,
    Reminder,
    book,
    cancel,
    get_booking,
    get_event_type,
    move,
    reminders,
)
from booking.models import EventType
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from providers.models import Message, Room
from tenants.api import Tenant
from tests.booking.clockwork import perform_all
from tests.booking.reminding import let_come, let_proof_age
from tests.booking.scene import BEN, CLIENT, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink, Received


@pytest.fixture
def acme(world: World, web: str, mails: MailSink) -> Iterator[MailSink]:
    with world.enter("acme"):
        yield mails


def confirmed(slug: str = "intro-call", hour: int = 11) -> Booking:
    """Return a confirmed booking, several days ahead, with everybody told."""
    booking = booked(slug, workday(hour))
    perform_all()
    return get_booking(booking.uid)


def stands(booking: Booking) -> list[tuple[int, str, str]]:
    """Return a booking's reminders: minutes before, state, and why."""
    return [(each.minutes_before, each.state, each.because) for each in reminders(booking)]


def reminded(mails: MailSink, to: str = BEN.email) -> list[Received]:
    return [
        each
        for each in mails.received
        if each.recipients == (to,) and str(each.mail["Subject"]).strip().startswith("Reminder")
    ]


def last_run() -> Run:
    return Run.objects.filter(workflow="reminder").latest("pk")


def ran(run: Run) -> tuple[str, list[tuple[str, str]]]:
    run.refresh_from_db()
    return run.state, [(step.action, step.state) for step in run.steps.all()]


DONE = ("done", [("check_reminder", "done"), ("prove_link_again", "done"), ("send_reminder", "done")])


def test_a_confirmation_plans_a_reminder_a_day_and_an_hour_before_each_with_its_own_due_job(
    acme: MailSink,
) -> None:
    booking = confirmed()
    assert stands(booking) == [(1440, "due", ""), (60, "due", "")]
    first, second = reminders(booking)
    assert first.due_at == booking.meeting.starts_at - timedelta(days=1)
    with entered(PUBLIC):
        waiting = Job.objects.filter(kind="remind").order_by("due_at").values_list("ref", "due_at")
    assert list(waiting) == [(str(first.pk), first.due_at), (str(second.pk), second.due_at)]
    assert [entry.action for entry in entries(subject=f"meeting:{booking.meeting.uid}")].count(
        "settle_reminders"
    ) == 1


def test_only_what_lies_ahead_is_planned_and_none_where_none_is_wanted(acme: MailSink) -> None:
    EventType.objects.filter(slug="intro-call").update(reminder_minutes=[43_200, 30])
    EventType.objects.filter(slug="site-visit").update(reminder_minutes=[])
    assert stands(confirmed()) == [(30, "due", "")]
    assert stands(confirmed("site-visit", 14)) == []


def test_the_link_is_tested_once_more_and_the_client_and_guests_are_reminded_once(acme: MailSink) -> None:
    booking = book(
        get_event_type("intro-call"), start=workday(11), time_zone="America/New_York", attendee=BEN,
        guests=["kim@example.com"], answers={}, now=now(), actor=CLIENT, visitor="visitor",
    ).booking  # fmt: skip
    perform_all()
    proved_at = Meeting.objects.get().link_proved_at
    let_come(booking)
    perform_all()
    assert ran(last_run()) == DONE
    meeting = Meeting.objects.get()
    assert proved_at is not None
    assert meeting.link_proved_at is not None
    assert meeting.link_proved_at > proved_at
    assert [state for _, state, _ in stands(booking)] == ["sent", "due"]
    (mail,), (to_guest,) = reminded(acme), reminded(acme, "kim@example.com")
    text, html = (mail.mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    lines = text.splitlines()
    assert ("11:00" in lines[0], "America/New_York" in lines[0]) == (False, True)
    assert lines[1] == f"Join: {meeting.join_url}"
    assert (meeting.join_url in html, "/b/" in text) == (True, True)
    guest_text = to_guest.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert (guest_text.splitlines()[:2], "/b/" in guest_text) == (lines[:2], False)
    perform_all()
    assert (len(reminded(acme)), Message.objects.filter(kind__startswith="reminder").count()) == (1, 2)


def test_what_ran_says_it_and_each_step_is_signed(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    perform_all()
    view = get_run(last_run().pk)
    assert view.sentence.startswith("Reminded Ben Ode of the intro call on ")
    assert view.sentence.endswith("11:00 (Europe/Lisbon) (link tested again)")
    assert all(step.entry_seq for step in view.steps)
    signed = [entry.action for entry in entries(subject=view.subject) if entry.run_id == view.id]
    assert signed == ["check_reminder", "prove_link_again", "send_reminder"]


def test_a_meeting_in_person_is_reminded_of_without_a_link(acme: MailSink) -> None:
    booking = confirmed("site-visit")
    let_come(booking)
    perform_all()
    assert ran(last_run()) == ("done", [("check_reminder", "done"), ("send_reminder", "done")])
    text = reminded(acme)[0].mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines()[1].startswith("Where: ")
    assert "tested" not in text


def test_a_move_replaces_the_reminders(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    with entered(PUBLIC):
        Job.objects.filter(kind="remind").update(state="done")  # the old one's job comes too late
    perform_all()
    moved = "The booking has another time by now."
    assert sorted((state, because) for _, state, because in stands(booking)) == [
        ("due", ""), ("due", ""), ("skipped", moved), ("skipped", moved),
    ]  # fmt: skip
    assert {each.starts_at for each in Reminder.objects.filter(state="due")} == {workday(15)}
    with entered(PUBLIC):
        Job.objects.filter(kind="remind", due_at__lte=now()).update(state="queued", finished_at=None)
    perform_all()
    assert (reminded(acme), Run.objects.filter(workflow="reminder").count()) == ([], 0)


def test_a_booking_that_moves_while_its_reminder_is_under_way_is_not_reminded_of(
    acme: MailSink, settings: Settings, web: str
) -> None:
    booking = confirmed()
    let_come(booking)
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"  # its link cannot be proven: the reminder waits
    drain()
    assert ran(last_run())[0] == "running"
    settings.HOLDFAST_SELF_ADDRESS = web
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    drain()  # the move; the reminder still waits
    run = last_run()
    perform_all()
    assert (reminded(acme), run.steps.get(action="send_reminder").result) == (
        [], {"skip": "The booking has another time by now."},
    )  # fmt: skip
    assert get_run(run.pk).sentence.endswith(": the booking has another time by now")


def test_a_cancellation_skips_them_and_its_undo_makes_them_again(acme: MailSink) -> None:
    booking = confirmed()
    cancel(booking, reason="", now=now(), actor=CLIENT)
    because = "The booking was cancelled."
    assert stands(booking) == [(1440, "skipped", because), (60, "skipped", because)]
    perform_all()
    undo_run(Run.objects.get(workflow="cancellation").pk, actor=OWNER, now=now())
    perform_all()
    assert sorted(state for _, state, _ in stands(booking)) == ["due", "due", "skipped", "skipped"]
    let_come(booking)
    perform_all()
    assert len(reminded(acme)) == 1


def test_a_meeting_that_began_is_not_reminded_of(acme: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    booking = confirmed()
    let_come(booking)
    monkeypatch.setattr("audit.sagas.runner.wall_clock", lambda: booking.meeting.starts_at)
    perform_all()
    assert stands(booking)[0][1:] == ("skipped", "The meeting had begun.")
    assert reminded(acme) == []
    assert get_run(last_run().pk).sentence.endswith(": the meeting had begun")


def test_a_link_that_stays_dead_until_the_start_is_never_sent(
    acme: MailSink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = confirmed()
    let_come(booking)
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"  # nothing answers, and nothing that the fixer could mend
    for _ in range(2):
        Job.objects.filter(kind="run", state="queued").update(due_at=now())
        drain()
    assert next(each.kind for each in Incident.objects.filter(state="open")) == "dead_room_link"
    monkeypatch.setattr("audit.sagas.runner.wall_clock", lambda: booking.meeting.starts_at)
    Job.objects.filter(kind="run", state="queued").update(due_at=now())
    drain()
    assert stands(booking)[0][1:] == ("skipped", "Its link could not be joined before the meeting began.")
    assert reminded(acme) == []


def test_where_two_are_due_at_once_only_the_later_one_goes_out(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    first = reminders(booking)[0]
    Reminder.objects.filter(pk=first.pk).update(
        due_at=first.due_at - timedelta(minutes=5), minutes_before=first.minutes_before + 5
    )
    let_come(booking)
    perform_all()
    assert [(state, because) for _, state, because in stands(booking)] == [
        ("skipped", "A later reminder was due as well."), ("sent", ""),
    ]  # fmt: skip
    assert len(reminded(acme)) == 1


def test_a_dead_link_is_an_incident_for_the_fixer_and_the_reminder_waits_for_its_repair(
    acme: MailSink, settings: Settings, web: str
) -> None:
    booking = confirmed()
    let_come(booking)
    Room.objects.update(cancelled_at=now())
    drain()
    incident = Incident.objects.get(kind="dead_room_link")
    assert (incident.subject, incident.repair, incident.run_id) == (
        f"meeting:{booking.meeting.uid}", "dead_room_link", last_run().pk,
    )  # fmt: skip
    assert incident.title.startswith("The link of Ben Ode’s intro call on ")
    assert (reminded(acme), ran(last_run())[0]) == ([], "running")
    assert get_run(last_run().pk).sentence.startswith("Reminding Ben Ode of the intro call")
    perform_all()
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_by) == ("resolved", "automation:fixer")
    assert (ran(last_run()), len(reminded(acme))) == (DONE, 1)


def test_a_link_that_hiccups_once_is_no_incident(acme: MailSink, settings: Settings, web: str) -> None:
    booking = confirmed()
    let_come(booking)
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"
    drain()
    assert (Incident.objects.count(), reminded(acme)) == (0, [])
    settings.HOLDFAST_SELF_ADDRESS = web
    perform_all()
    assert (Incident.objects.count(), len(reminded(acme))) == (0, 1)


def test_a_link_that_died_after_its_test_is_not_sent(acme: MailSink, settings: Settings) -> None:
    settings.HOLDFAST_SMTP_URL, kept = "smtp://127.0.0.1:1", settings.HOLDFAST_SMTP_URL
    booking = booked("intro-call", workday(11))
    for _ in range(3):
        drain()
    let_come(booking)
    drain()
    assert ran(last_run())[1][1:] == [("prove_link_again", "done"), ("send_reminder", "waiting")]
    Room.objects.update(cancelled_at=now())
    let_proof_age(booking)
    settings.HOLDFAST_SMTP_URL = kept
    Job.objects.filter(kind="run", ref=str(last_run().pk)).update(due_at=now())
    drain()
    assert (reminded(acme), [each.kind for each in Incident.objects.all()]) == ([], ["dead_room_link"])


def test_a_reminder_that_was_sent_is_corrected_never_undone(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    perform_all()
    run = last_run()
    assert undo_preview(run, now=now()).because == (
        "A reminder that was sent cannot be unsent. "
        "Its step can send a mail that says how the booking stands."
    )
    step = run.steps.get(action="send_reminder")
    assert undo_step_preview(step).because == "A reminder that was sent cannot be unsent."
    undo_step(step.pk, actor=OWNER, now=now())
    perform_all()
    assert [entry.action for entry in entries(subject=run.subject)][-1] == "send_reminder.corrected"


def test_whose_address_is_refused_for_good_is_said(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    acme.plan = ["550 at recipient"]
    perform_all()
    assert stands(booking)[0][1] == "skipped"
    assert stands(booking)[0][2].startswith("It could not be sent: ")
    assert ran(last_run())[0] == "failed"
    assert get_run(last_run().pk).sentence.startswith("Did not remind Ben Ode of the intro call")


def test_a_guest_whose_address_is_refused_does_not_make_the_reminder_unsent(acme: MailSink) -> None:
    booking = book(
        get_event_type("site-visit"), start=workday(11), time_zone="Europe/Lisbon", attendee=BEN,
        guests=["kim@example.com"], answers={}, now=now(), actor=CLIENT, visitor="visitor",
    ).booking  # fmt: skip
    perform_all()
    let_come(booking)
    acme.plan = ["none", "550 at recipient"]
    perform_all()
    assert (stands(booking)[0][1:], len(reminded(acme))) == (("sent", ""), 1)


def test_runs_are_listed_like_all_others(acme: MailSink) -> None:
    booking = confirmed()
    let_come(booking)
    perform_all()
    assert [run.workflow for run in runs()] == ["reminder", "new_booking"]


def test_while_the_business_is_suspended_reminders_wait_and_go_out_when_it_is_resumed(acme: MailSink) -> None:
    booking = confirmed()
    Tenant.objects.filter(slug="acme").update(suspended_at=now())
    reminder = let_come(booking)
    perform_all()
    assert (stands(booking)[0][1], reminded(acme)) == ("due", [])
    Tenant.objects.filter(slug="acme").update(suspended_at=None)
    with entered(PUBLIC):
        Job.objects.filter(kind="remind", ref=str(reminder.pk)).update(due_at=now())
    perform_all()
    assert (stands(booking)[0][1], len(reminded(acme))) == ("sent", 1)
