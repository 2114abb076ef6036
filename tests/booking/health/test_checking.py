"""What becomes of a look: quiet where nothing changed, else one entry; an incident as long as the fault lasts."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from audit.api import Entry, Run, runs
from booking.api import (
    Booking,
    GuardBroken,
    health,
    health_summary,
    incidents,
    run_probes,
    schedule_looks,
    start_check,
)
from booking.health.checking import is_daily_due
from booking.models import Incident, ProbeResult
from jobs.api import Job, drain, enqueue
from kernel.tenancy import PUBLIC, entered
from tests.booking.clockwork import perform_all
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World
from tests.simulators.dav_server import free_port
from tests.simulators.smtp import MailSink

CHEAP = 9
QUIET = 50  # statements of a look at a business where all is well, and of the fixer's pass behind it


def looked() -> list[tuple[str, str, int]]:
    """Return the runs of the health check, newest first: sentence, why, and how many entries each left."""
    found = Run.objects.filter(workflow="health_check").order_by("-pk")
    sentences = {run.id: run.sentence for run in runs(workflow="health_check")}
    return [
        (
            sentences[run.pk],
            run.payload["why"],
            Entry.objects.filter(run_id=run.pk).exclude(action="open_incident").count(),
        )
        for run in found
    ]


def test_the_first_look_is_the_daily_one_with_the_trial_booking(
    acme: World, web: str, mails: MailSink
) -> None:
    assert (schedule_looks([acme.acme], now=now()), schedule_looks([acme.acme], now=now())) == (1, 0)
    perform_all()
    faults = {row.probe: row.words for row in ProbeResult.objects.filter(state="bad")}
    assert (looked(), faults) == ([("Checked 10 promises: all kept", "daily", 2)], {})
    assert ProbeResult.objects.count() == CHEAP + 1
    assert (Booking.objects.count(), mails.received, is_daily_due(now())) == (0, [], False)
    assert is_daily_due(now() + timedelta(days=1))
    (run,) = runs(workflow="health_check")
    assert not run.reversible


def test_a_quiet_look_and_the_fixers_pass_are_one_job_of_few_statements(
    acme: World, web: str, mails: MailSink
) -> None:
    start_check("daily", now=now())
    perform_all()
    with transaction.atomic():
        enqueue("health_check", ref="12", now=now())
    with CaptureQueriesContext(connection) as told:
        assert drain() == 1
    asked = [each["sql"] for each in told if each["sql"] not in ("BEGIN", "COMMIT", "ROLLBACK")]
    assert len(asked) <= QUIET, "\n".join(asked)
    assert not any(each.startswith(("SAVEPOINT", "ROLLBACK TO")) for each in asked)
    assert sum("booking_proberesult" in each and "INSERT" in each for each in asked) == 1


def test_a_deploy_makes_the_daily_check_due(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    start_check("daily", now=now())
    assert not is_daily_due(now())
    monkeypatch.setattr("booking.health.checking.build_id", lambda: "another")
    assert is_daily_due(now())


def test_looks_that_find_nothing_new_leave_no_run_and_no_entry(
    acme: World, web: str, mails: MailSink
) -> None:
    run_probes(now())
    before = (Run.objects.count(), Entry.objects.count())
    first = ProbeResult.objects.get(probe="mail").checked_at
    run_probes(now())
    assert (Run.objects.count(), Entry.objects.count()) == before == (0, Entry.objects.count())
    assert ProbeResult.objects.get(probe="mail").checked_at > first


def test_a_fault_opens_one_incident_and_its_end_resolves_it(
    acme: World, settings: Settings, web: str, mails: MailSink
) -> None:
    run_probes(now())
    answering, settings.HOLDFAST_SMTP_URL = settings.HOLDFAST_SMTP_URL, f"smtp://127.0.0.1:{free_port()}"
    run_probes(now())
    perform_all()
    run_probes(now())
    perform_all()
    assert looked() == [("Checked one promise, not kept: mail can leave", "change", 1)]
    (incident,) = incidents()
    assert (incident.kind, incident.subject) == ("mail", "health:mail")
    assert incident.consequence == "Confirmations and invites wait; nobody gets a mail until it is back."
    summary = health_summary()
    assert (summary.state, summary.consequence, summary.open_incidents, summary.bad_probes) == (
        "bad", incident.consequence, 1, 1,
    )  # fmt: skip
    settings.HOLDFAST_SMTP_URL = answering
    run_probes(now())
    perform_all()
    assert looked()[0] == ("Checked one promise: kept", "change", 1)
    assert (incidents(), Incident.objects.get().resolved_by) == ([], "automation:health_check")
    assert health(now()).state in ("warn", "unknown")  # no TURN server; what was not asked yet


def test_nearly_well_is_kept_without_a_run(acme: World, web: str, mails: MailSink) -> None:
    run_probes(now())
    booked("site-visit", workday(11))
    began = ProbeResult.objects.get(probe="jobs").since_at
    with entered(PUBLIC):
        Job.objects.filter(kind="run").update(due_at=now() - timedelta(seconds=90))
    runs, entries = Run.objects.count(), Entry.objects.count()
    run_probes(now())
    kept = ProbeResult.objects.get(probe="jobs")
    assert (kept.state, kept.since_at > began) == ("warn", True)
    assert (Run.objects.count(), Entry.objects.count(), incidents()) == (runs, entries, [])


def test_a_failed_trial_is_tried_again_at_the_next_look(
    acme: World, settings: Settings, web: str, mails: MailSink
) -> None:
    answering, settings.HOLDFAST_SELF_ADDRESS = settings.HOLDFAST_SELF_ADDRESS, f"127.0.0.1:{free_port()}"
    start_check("daily", now=now())
    perform_all()
    assert [each.kind for each in incidents()] == ["trial_booking", "room"]
    settings.HOLDFAST_SELF_ADDRESS = answering
    run_probes(now())
    perform_all()
    assert (looked()[0][0], incidents()) == ("Checked 2 promises: all kept", [])


def test_what_somebody_asks_for_is_always_seen(acme: World, web: str, mails: MailSink) -> None:
    one = start_check("asked", now=now(), actor=OWNER)
    assert start_check("asked", now=now(), actor=OWNER).pk == one.pk
    perform_all()
    assert [why for _, why, _ in looked()] == ["asked"]


def test_a_dead_worker_is_said_although_it_cannot_say_it(acme: World, web: str, mails: MailSink) -> None:
    run_probes(now())
    assert health(now()).standstill == ""
    later = now() + timedelta(minutes=20)
    assert health(later).standstill == "The last check was 20 minutes ago: no clock seems to run."
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.update(due_at=now() - timedelta(minutes=6))
    assert health(now()).standstill == "The oldest job has waited 6 minutes: no worker seems to run."


def test_without_the_guard_nothing_is_claimed_until_it_is_back(
    acme: World, web: str, mails: MailSink
) -> None:
    with acme.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
    with pytest.raises(GuardBroken, match="Nothing was booked"):  # at once, before any probe looked
        booked("site-visit", workday(11))
    run_probes(now())
    drain()
    (incident,) = [each for each in incidents() if each.kind == "guard"]
    assert incident.consequence.startswith("No bookings are taken")
    with acme.owner("acme") as owner:
        owner.execute(
            "ALTER TABLE booking_occupancy ADD CONSTRAINT booking_occupancy_no_overlap EXCLUDE USING gist "
            "(resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL)"
        )
    with pytest.raises(GuardBroken):  # it is there; whether it refuses, the next look tells
        booked("site-visit", workday(11))
    run_probes(now())
    drain()
    assert booked("site-visit", workday(11)).status == "confirmed"
    assert [each for each in incidents() if each.kind == "guard"] == []
