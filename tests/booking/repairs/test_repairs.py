"""Each repair: the fault is made by hand, found, mended, and found no more; its undo is done or its reason read."""

from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from audit.api import Run, undo_step, undo_step_preview
from booking.api import Booking, get_booking
from booking.repairs.registry import BY_NAME
from booking.repairs.repair import Search
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from providers.models import CalendarConnection, Message, Notice, Room
from tests.booking.clockwork import let_pass, perform_all
from tests.booking.repairs.conftest import found, mend
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World
from tests.simulators.dav_server import free_port
from tests.simulators.http import Answer, http_site
from tests.simulators.radicale import Radicale
from tests.simulators.smtp import MailSink


def undo_of(run: Run, action: str) -> str:
    """Undo a step of a repair; return "undone", or the reason why not."""
    step = run.steps.get(action=action)
    preview = undo_step_preview(step)
    if not preview.possible:
        return preview.because
    undo_step(step.pk, actor=OWNER, now=now())
    perform_all()
    return str(run.steps.get(action=action).state)


def states(runs: list[Run]) -> list[str]:
    return [run.state for run in runs]


def test_a_run_whose_job_vanished_goes_on_and_ends(acme: World, mails: MailSink) -> None:
    booking = booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.all().delete()
    drain()
    stuck = Run.objects.get()
    assert (stuck.state, len(mails.received)) == ("running", 0)
    (run,) = mend("stuck_run")
    assert (run.state, run.subject, Run.objects.get(pk=stuck.pk).state) == ("done", f"run:{stuck.pk}", "done")
    assert [each.recipients for each in mails.received].count(("ben@example.com",)) == 1
    assert found("stuck_run") == []
    assert undo_of(run, "resume_run").startswith("It went on from there")
    assert get_booking(booking.uid).status == "confirmed"


def test_a_young_run_is_left_to_its_worker(acme: World) -> None:
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.all().delete()
    assert BY_NAME["stuck_run"].find(Search(now())) == []
    assert len(BY_NAME["stuck_run"].find(Search(now() + timedelta(minutes=3)))) == 1


def test_a_job_that_was_given_up_is_tried_again(acme: World, mails: MailSink) -> None:
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.filter(kind="run").update(state="parked", attempts=20)
    assert [each.words for each in found("stuck_run")] == ["A job (run) was given up after 20 tries."]
    assert states(mend("stuck_run")) == ["done"]
    assert [run.state for run in Run.objects.filter(workflow="new_booking")] == ["done"]


def test_an_expired_hold_that_no_clock_swept_is_cleared_away(acme: World) -> None:
    booking = booked("intro-call", workday(11))
    with entered(PUBLIC):
        Job.objects.all().delete()
    let_pass(Booking.objects.get(pk=booking.pk))
    (run,) = mend("expired_hold")
    assert (run.state, get_booking(booking.uid).status, found("expired_hold")) == ("done", "failed", [])
    assert undo_of(run, "sweep_hold").startswith("Its deadline had passed")


def test_a_deleted_room_is_made_anew_proven_and_told(acme: World, web: str, mails: MailSink) -> None:
    booking = confirmed_soon()
    former = booking.meeting.join_url
    Room.objects.all().delete()
    mails.received.clear()
    (run,) = mend("dead_room_link")
    meeting = get_booking(booking.uid).meeting
    assert run.state == "done"
    assert (meeting.link_key, meeting.sequence) == (booking.meeting.link_key, booking.meeting.sequence + 1)
    assert meeting.join_url != former
    told = [each for each in mails.received if each.recipients == ("ben@example.com",)]
    assert [str(each.mail["Subject"]).strip().partition(":")[0] for each in told] == ["New link"]
    assert meeting.join_url.encode() in told[0].content.replace(b"=\r\n", b"")
    assert found("dead_room_link") == []
    assert undo_of(run, "renew_link").startswith("The former link leads nowhere")
    assert undo_of(run, "tell_new_link") == "undone"  # by a correction
    assert len([each for each in mails.received if each.recipients == ("ben@example.com",)]) == 2


def test_a_cancelled_room_of_a_standing_meeting_gets_another_key(
    acme: World, web: str, mails: MailSink
) -> None:
    booking = confirmed_soon()
    Room.objects.update(cancelled_at=now())
    (run,) = mend("dead_room_link")
    meeting = get_booking(booking.uid).meeting
    assert (run.state, meeting.link_key) == ("done", f"{meeting.uid}-f{run.pk}")
    assert Room.objects.filter(cancelled_at=None).count() == 1


def test_a_link_that_answers_again_tells_nobody(
    acme: World, settings: Settings, web: str, mails: MailSink
) -> None:
    booking = confirmed_soon()
    mails.received.clear()
    settings.HOLDFAST_SELF_ADDRESS, answering = f"127.0.0.1:{free_port()}", settings.HOLDFAST_SELF_ADDRESS
    (broken,) = found("dead_room_link")
    settings.HOLDFAST_SELF_ADDRESS = answering
    from booking.repairs.passes import start_repair

    run = start_repair(BY_NAME["dead_room_link"], broken, now=now())
    perform_all()
    assert run is not None
    run.refresh_from_db()
    assert (run.state, mails.received) == ("done", [])
    assert get_booking(booking.uid).meeting.join_url == booking.meeting.join_url


def test_a_deleted_calendar_event_is_written_again_once_and_undo_is_respected(
    calendar: tuple[Radicale, str], mails: MailSink
) -> None:
    server, url = calendar
    booked("site-visit", workday(11))
    perform_all()
    (name,) = server.objects(url)
    server.send("DELETE", f"{url}{name}", "", status=200)
    (run,) = mend("missing_calendar_event")
    assert (run.state, len(server.objects(url)), found("missing_calendar_event")) == ("done", 1, [])
    assert undo_of(run, "rewrite_event") == "undone"
    assert (len(server.objects(url)), found("missing_calendar_event")) == (0, [])


def test_an_event_that_its_owner_moved_to_another_calendar_is_not_missing(
    calendar: tuple[Radicale, str], mails: MailSink
) -> None:
    server, url = calendar
    other = server.make_calendar("private")
    ana = CalendarConnection.objects.get()
    from providers.api import connect_caldav

    connect_caldav(ana.host_id, url=server.url, username=server.username, password=server.password, now=now())
    booked("site-visit", workday(11))
    perform_all()
    ((name, text),) = {**server.objects(url), **server.objects(other)}.items()
    here, there = (url, other) if server.objects(url) else (other, url)
    server.send("DELETE", f"{here}{name}", "", status=200)
    server.put(there, "moved", text)
    assert found("missing_calendar_event") == []


def test_a_mail_that_waits_is_sent_once_under_its_own_message_id(
    acme: World, settings: Settings, mails: MailSink
) -> None:
    answering, settings.HOLDFAST_SMTP_URL = settings.HOLDFAST_SMTP_URL, f"smtp://127.0.0.1:{free_port()}"
    booked("site-visit", workday(11))
    give_up()
    waiting = Message.objects.get(to_address="ben@example.com")
    assert waiting.state == "queued"
    assert f"The mail “{waiting.subject}” to ben@example.com was not sent:" in str(found("unsent_message"))
    settings.HOLDFAST_SMTP_URL = answering
    runs = mend("unsent_message")
    assert set(states(runs)) == {"done"}
    mine = [
        each.mail["Message-ID"].strip() for each in mails.received if each.recipients == ("ben@example.com",)
    ]
    assert (mine, found("unsent_message")) == ([waiting.message_id], [])
    assert undo_of(runs[0], "send_message") == "A mail that was sent cannot be unsent."


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"state": "failed", "failed_words": "550 nobody"}, "The mail server refused it for good."),
        ({"kind": "confirmation_attendee"}, "The booking is cancelled by now: this mail would be wrong."),
    ],
)
def test_a_mail_that_must_not_be_sent_any_more_says_why(
    acme: World, settings: Settings, change: dict[str, str], because: str
) -> None:
    settings.HOLDFAST_SMTP_URL = f"smtp://127.0.0.1:{free_port()}"
    booking = booked("site-visit", workday(11))
    give_up()
    Message.objects.exclude(to_address="ben@example.com").delete()
    Message.objects.update(**change)
    if "kind" in change:
        from booking.api import cancel

        cancel(booking, reason="", now=now(), actor=OWNER)
        give_up()
        Message.objects.exclude(kind="confirmation_attendee").delete()
    assert [each.because[: len(because)] for each in found("unsent_message")] == [because]
    assert mend("unsent_message") == []


def test_a_calendar_that_answers_again_is_read_and_a_refused_sign_in_goes_to_a_person(
    calendar: tuple[Radicale, str],
) -> None:
    CalendarConnection.objects.update(status="failing", last_error="It did not answer.")
    (run,) = mend("stale_connection")
    assert (run.state, CalendarConnection.objects.get().status) == ("done", "working")
    assert undo_of(run, "read_calendar") == "It was a check: there is nothing to take back."
    CalendarConnection.objects.update(status="unauthorised")
    assert [each.because for each in found("stale_connection")] == [
        "Its sign-in was refused: connect it again."
    ]


def test_a_webhook_that_was_given_up_is_posted_once_more(
    acme: World, settings: Settings, mails: MailSink
) -> None:
    from providers.api import add_webhook_endpoint

    answers = [Answer(status=503)]
    with http_site(lambda _seen: answers[0]) as site:
        settings.HOLDFAST_HTTP_ALLOW = (site.address,)
        add_webhook_endpoint(site.url("/told"), now=now())
        booked("site-visit", workday(11))
        give_up()
        (waiting,) = Notice.objects.all()
        answers[0] = Answer(status=204)
        (run,) = mend("unsent_webhook")
        waiting.refresh_from_db()
        assert (run.state, waiting.state, found("unsent_webhook")) == ("done", "sent", [])
        assert undo_of(run, "send_notice") == "A webhook that was received cannot be unsent."


@pytest.fixture(autouse=True)
def _far_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "coming" reach to the next working days, whatever day it is."""
    monkeypatch.setattr("booking.health.links.AHEAD", timedelta(days=30))


def confirmed_soon() -> Booking:
    """Return a confirmed intro call on one of the next working days."""
    booking = booked("intro-call", workday(11))
    perform_all()
    return get_booking(booking.uid)


def give_up() -> None:
    """Let every step that still tries end: the runs are done with what they could not do."""
    perform_all()
    with transaction.atomic():
        assert not Run.objects.filter(state="running").exists()
