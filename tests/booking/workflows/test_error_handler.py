"""The error handler: any step that fails for good becomes one incident in words, told once, closed and reopened."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from audit.api import Fault, entries, get_run, undo_preview, undo_run, undo_step
from audit.models import Run, Step
from booking.api import Booking, Incident, get_booking, get_host, incidents, open_incident, resolve_incident
from booking.workflows.error_handler import start_error_handler
from jobs.api import Job, drain, enqueue
from kernel.tenancy import PUBLIC, entered
from providers.api import Notice, add_webhook_endpoint, connect_caldav
from tests.booking.clockwork import perform_all
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World
from tests.simulators.http import Answer, http_site
from tests.simulators.radicale import radicale
from tests.simulators.smtp import MailSink

TEAM = "owner@acme.example"


@pytest.fixture
def acme(world: World, web: str, mails: MailSink) -> Iterator[MailSink]:
    with world.enter("acme"):
        yield mails


def told(mails: MailSink, first_word: str = "Incident") -> list[str]:
    """Return the subjects of the mails to the team that begin with this word."""
    subjects = [str(each.mail["Subject"]).strip() for each in mails.received if each.recipients == (TEAM,)]
    return [subject for subject in subjects if subject.startswith(first_word)]


def handled() -> list[Run]:
    return list(Run.objects.filter(workflow="error_handler").order_by("pk"))


def refused_address(acme: MailSink) -> Booking:
    """Return a booking whose client's address is refused by the mail server."""
    acme.plan = ["550 at recipient"]
    booking = booked("site-visit", workday(11))
    perform_all()
    return get_booking(booking.uid)


def test_a_mail_that_is_refused_is_one_incident_in_words_for_a_person(acme: MailSink) -> None:
    booking = refused_address(acme)
    (incident,) = incidents()
    assert (incident.kind, incident.subject, incident.repair) == (
        "address_refused", f"meeting:{booking.meeting.uid}", "",
    )  # fmt: skip
    assert incident.title.startswith("The confirmation of Ben Ode’s site visit on ")
    assert incident.title.endswith(" could not be sent: the address is refused.")
    assert incident.consequence.startswith(
        "It stands, but the client or a host may not have the confirmation."
    )
    assert (incident.details["action"], incident.details["code"]) == ("send_confirmation", "rejected")
    assert "550 the plan says no" in incident.details["words"]
    assert (booking.status, told(acme)) == ("confirmed", [f"Incident: {incident.title}"])


def test_what_ran_says_it_and_each_step_is_signed_with_ids_only(acme: MailSink) -> None:
    refused_address(acme)
    (run,) = handled()
    view = get_run(run.pk)
    assert view.sentence.startswith("Reported: The confirmation of Ben Ode’s site visit")
    assert [(step.action, step.state) for step in view.steps] == [
        ("record_incident", "done"), ("tell_team_of_incident", "done"), ("tell_programs_of_incident", "done"),
    ]  # fmt: skip
    signed = [entry for entry in entries(subject=view.subject) if entry.run_id == run.pk]
    assert [entry.action for entry in signed] == [step.action for step in view.steps]
    assert not any(b"Ben" in bytes(entry.body) for entry in entries(subject=view.subject))


def test_a_link_that_cannot_be_made_says_what_failed_closed_and_is_one_incident_for_all(
    acme: MailSink, settings: Settings
) -> None:
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"
    first = booked("intro-call", workday(11))
    second = booked("intro-call", workday(14))
    perform_all()
    assert [get_booking(each.uid).status for each in (first, second)] == ["failed", "failed"]
    (incident,) = incidents()
    assert (incident.kind, incident.subject, incident.seen) == (
        "meeting_link_failed", "provider:built_in_room", 2,
    )  # fmt: skip
    assert incident.title == "A link in the built-in room could not be made to work."
    assert incident.consequence.startswith(
        "Ben Ode’s intro call was not confirmed: its time was given back at once, and the client was told."
    )
    assert (len(told(acme)), len(handled())) == (1, 2)


def test_a_calendar_that_answers_busy_is_no_incident(acme: MailSink) -> None:
    refused_address(acme)
    run = Run.objects.get(workflow="new_booking")
    fault = Fault(run, run.steps.all()[0], "calendar_busy", "busy", now())
    start_error_handler(fault)
    assert len(handled()) == 1


def test_programs_are_told_and_one_that_is_away_is_an_incident_for_the_fixer(
    acme: MailSink, settings: Settings
) -> None:
    with http_site() as site:
        settings.HOLDFAST_HTTP_ALLOW = (site.address,)
        add_webhook_endpoint(site.url("/told"), now=now())
        site.answer = lambda seen: Answer(status=503)
        booked("site-visit", workday(11))
        perform_all()
        assert sorted((each.kind, each.subject[:8], each.repair) for each in incidents()) == [
            ("repair_failed", "meeting:", ""), ("unsent_webhook", "webhooks", "unsent_webhook"),
        ]  # fmt: skip
        run = handled()[0]
        said = run.steps.get(action="tell_programs_of_incident").result
        assert said == {"skipped": "webhooks are what failed"}
        assert (len(told(acme)), run.state) == (1, "done")
        site.answer = lambda seen: Answer()
        open_incident(
            "guard", subject="guard", title="The guard is gone.", consequence="Nobody can book.", now=now()
        )
        perform_all()
    notice = Notice.objects.get(event="incident.opened")
    assert (notice.state, json.loads(notice.body)["data"]["title"]) == ("sent", "The guard is gone.")


def test_an_event_that_cannot_be_written_is_an_incident_of_its_meeting(
    acme: MailSink, settings: Settings, tmp_path: Path
) -> None:
    with radicale(tmp_path / "radicale") as server:
        settings.HOLDFAST_HTTP_ALLOW = (server.address,)
        url = server.make_calendar("work")
        connect_caldav(
            get_host("ana").pk, url=url, username=server.username, password=server.password, now=now()
        )
        settings.HOLDFAST_SMTP_URL, kept = "smtp://127.0.0.1:1", settings.HOLDFAST_SMTP_URL
        booking = booked("site-visit", workday(11))
        drain()  # confirmed; the mail waits
    settings.HOLDFAST_SMTP_URL = kept
    perform_all()
    assert get_booking(booking.uid).status == "confirmed"
    (incident,) = incidents()
    assert (incident.kind, incident.subject, incident.repair) == (
        "missing_calendar_event", f"meeting:{booking.meeting.uid}", "missing_calendar_event",
    )  # fmt: skip


def test_an_incident_that_somebody_else_opens_is_told_of_once(acme: MailSink) -> None:
    words = {"title": "The mail server is away.", "consequence": "Mails wait.", "subject": "mail"}
    opened = open_incident("mail", **words, now=now())
    open_incident("mail", **words, now=now())
    perform_all()
    assert (told(acme), [run.subject for run in handled()]) == (
        ["Incident: The mail server is away."], [f"incident:{opened.pk}"],
    )  # fmt: skip
    with entered(PUBLIC):
        Job.objects.filter(kind="tell_of_incident").update(state="queued", finished_at=None)
    perform_all()
    resolve_incident("mail", subject="mail", now=now(), by=OWNER)
    open_incident("mail", **words, now=now())  # it comes and goes: nobody is told again within the hour
    perform_all()
    assert (len(told(acme)), len(handled())) == (1, 2)


def test_one_that_is_over_before_anybody_was_told_wakes_nobody(acme: MailSink) -> None:
    open_incident("mail", subject="mail", title="Away.", consequence="Mails wait.", now=now())
    resolve_incident("mail", subject="mail", now=now(), by=OWNER)
    perform_all()
    assert (told(acme), handled()) == ([], [])


def test_undo_closes_the_incident_and_corrects_the_mail_and_its_undo_opens_it_again(acme: MailSink) -> None:
    refused_address(acme)
    (run,) = handled()
    assert undo_preview(run, now=now()).consequences[0] == (
        "The incident is closed, as if it was seen by mistake. Nothing is repaired."
    )
    closing = undo_run(run.pk, actor=OWNER, now=now())
    assert (incidents(), Incident.objects.get().resolved_by) == ([], "user:1")
    perform_all()
    assert (len(told(acme, "Closed")), get_run(closing.pk).sentence[:21]) == (1, "Closed the incident: ")
    opening = undo_run(closing.pk, actor=OWNER, now=now())
    perform_all()
    assert [each.state for each in incidents()] == ["open"]
    assert (len(told(acme)), get_run(opening.pk).sentence[:27]) == (2, "Opened the incident again: ")


def test_the_notice_by_itself_is_corrected_never_undone(acme: MailSink) -> None:
    refused_address(acme)
    (run,) = handled()
    undo_step(run.steps.get(action="tell_team_of_incident").pk, actor=OWNER, now=now())
    perform_all()
    assert [entry.action for entry in entries(subject=run.subject)][-1] == "tell_team_of_incident.corrected"
    assert len(told(acme)) == 2


def test_an_error_handler_that_fails_starts_no_error_handler(acme: MailSink) -> None:
    acme.plan = [
        "550 at recipient",
        "none",
        "none",
        "550 at recipient",
    ]  # client; host, team; then the notice
    booked("site-visit", workday(11))
    perform_all()
    (run,) = handled()
    assert (run.state, run.steps.get(action="tell_team_of_incident").state) == ("done", "failed")
    assert len(incidents()) == 1


def test_killed_before_it_said_so_it_counts_nothing_twice(acme: MailSink) -> None:
    refused_address(acme)
    (run,) = handled()
    Run.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    run.steps.update(state="started", finished_at=None)
    with transaction.atomic():
        enqueue("run", ref=str(run.pk), now=now())
    perform_all()
    assert (Incident.objects.get().seen, len(told(acme))) == (1, 1)
    assert [step.repeats for step in run.steps.all()] == [1, 1, 1]


def test_what_could_not_be_taken_back_is_said(acme: MailSink) -> None:
    booking = refused_address(acme)
    run = Run.objects.get(workflow="new_booking")
    step = run.steps.get(action="notify_team")
    start_error_handler_of(run, step)
    perform_all()
    undo_failed = Incident.objects.get(kind="undo_failed")
    assert undo_failed.title.startswith("Taking back did not work: “Told the team” of Ben Ode’s site visit")
    assert undo_failed.subject == f"meeting:{booking.meeting.uid}"


def start_error_handler_of(run: Run, step: Step) -> None:
    """Report that undoing a step failed for good, as the runner does."""
    with transaction.atomic():
        start_error_handler(Fault(run, step, "unreachable", "The server is away.", now(), undoing=True))
