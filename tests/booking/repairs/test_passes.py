"""When the fixer acts: once, bounded, when an incident asks, never against a person; and what it would do."""

from datetime import timedelta

from django.db import transaction
from pytest_django.fixtures import Settings

from audit.api import Run, runs
from booking.api import ask_fixer, dry_run, incidents, open_incident
from booking.models import Incident, Occupancy, ProbeResult
from booking.repairs.broken_guard import restore_guard
from booking.repairs.passes import MOST_PER_DAY, start_repair
from booking.repairs.registry import BY_NAME
from jobs.api import Job, drain, enqueue, perform_owner_jobs
from kernel.tenancy import PUBLIC, entered
from providers.models import CalendarConnection
from tests.booking.clockwork import perform_all
from tests.booking.repairs.conftest import found
from tests.booking.scene import booked, now, workday
from tests.database import World
from tests.simulators.radicale import Radicale
from tests.simulators.smtp import MailSink


def fixed() -> list[str]:
    return [run.state for run in Run.objects.filter(workflow="fixer").order_by("pk")]


def broken_calendar(kind: str = "calendars") -> Incident:
    """Open the incident of Ana's calendar, which really answers."""
    CalendarConnection.objects.update(status="failing", last_error="It did not answer.")
    return open_incident(
        kind,
        subject=f"calendar:{CalendarConnection.objects.get().pk}",
        title="Ana’s calendar did not answer.",
        consequence="Clients see no slots of Ana Martins.",
        repair="stale_connection",
        now=now(),
    )


def test_an_incident_that_names_a_repair_is_repaired_and_resolved_by_itself(
    calendar: tuple[Radicale, str],
) -> None:
    incident = broken_calendar()
    perform_all()
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_by, fixed()) == ("resolved", "automation:fixer", ["done"])
    assert CalendarConnection.objects.get().status == "working"
    (run,) = runs(workflow="fixer")
    assert (run.sentence, run.subject) == ("Read a calendar again that had not answered", incident.subject)


def test_what_fails_three_times_a_day_goes_to_a_person(
    calendar: tuple[Radicale, str], settings: Settings
) -> None:
    settings.HOLDFAST_HTTP_ALLOW = ()  # the guarded client refuses loopback: every reading fails
    CalendarConnection.objects.update(status="failing", last_error="It did not answer.")
    for _ in range(MOST_PER_DAY + 2):
        (broken,) = found("stale_connection")
        start_repair(BY_NAME["stale_connection"], broken, now=now())
        perform_all()
    assert fixed() == ["failed"] * MOST_PER_DAY
    (left,) = [each for each in incidents() if each.kind == "fixer_stale_connection"]
    assert (left.repair, left.seen) == ("", 1)
    (plan,) = [each for each in dry_run(now()) if each.repair == "stale_connection"]
    assert plan.because == "It was tried 3 times within a day: a person has to look."


def test_a_pass_mends_what_no_incident_told_and_the_dry_run_only_says_so(
    acme: World, mails: MailSink
) -> None:
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.all().delete()
    (stuck,) = Run.objects.all()
    assert [(plan.does, plan.words, plan.because) for plan in dry_run(now())] == [
        (
            "Have it performed again, from where it stands still",
            f"Run {stuck.pk} (new booking) stands still: nobody performs it.",
            "",
        )
    ]
    assert (fixed(), mails.received) == ([], [])
    Run.objects.update(started_at=now() - timedelta(minutes=3))
    with transaction.atomic():
        enqueue("fixer", ref="pass:1", now=now())
    perform_all()
    stuck.refresh_from_db()
    assert (fixed(), stuck.state, len(mails.received)) == (["done"], "done", 3)


def test_an_incident_whose_fault_is_gone_is_closed_after_a_while(acme: World) -> None:
    incident = open_incident(
        "unsent_message", subject="meeting:none", title="A mail waits.", consequence="Somebody has none.",
        repair="unsent_message", now=now(),
    )  # fmt: skip
    drain()
    assert [each.pk for each in incidents()] == [incident.pk]
    Incident.objects.update(last_seen_at=now() - timedelta(minutes=20))
    Job.objects.filter(kind="fixer").update(due_at=now())
    drain()
    assert (incidents(), fixed()) == ([], [])


def test_a_repair_that_nobody_knows_is_left_to_a_person(acme: World) -> None:
    incident = open_incident(
        "odd", subject="odd", title="Odd.", consequence="Odd.", repair="magic", now=now()
    )
    with transaction.atomic():
        assert not ask_fixer(incident, now=now())
    perform_all()
    assert len(incidents()) == 1


def test_the_owner_brings_the_guard_back_and_bookings_are_taken_again(acme: World) -> None:
    drop_guard(acme)
    ProbeResult.objects.create(probe="guard", state="bad", since_at=now(), checked_at=now())
    open_incident(
        "guard",
        subject="health:guard",
        title="Gone.",
        consequence="No bookings.",
        repair="broken_guard",
        now=now(),
    )
    drain()
    with acme.as_owner():
        perform_owner_jobs()
    with acme.enter("acme"):
        perform_all()
        assert (fixed(), incidents()) == (["done"], [])
        assert booked("site-visit", workday(11)).status == "confirmed"


def test_the_guard_does_not_come_back_over_overlaps_and_the_later_meeting_goes_to_a_person(
    acme: World,
) -> None:
    booked("site-visit", workday(11))
    uid = booked("site-visit", workday(15)).meeting.uid
    drop_guard(acme)
    with acme.superuser("acme") as root:
        root.execute("SET session_replication_role = replica")
        root.execute(
            "UPDATE booking_occupancy SET blocked = (SELECT blocked FROM booking_occupancy ORDER BY id LIMIT 1)"
        )
    with acme.as_owner(), acme.enter("acme"):
        answer = restore_guard()
    assert (answer.done, answer.overlapping) == (False, (uid,))
    with acme.enter("acme"):
        (incident,) = incidents()
        assert (incident.kind, incident.subject) == ("overlap", f"meeting:{uid}")
        assert Occupancy.objects.filter(retired_at=None).count() == 2


def drop_guard(world: World) -> None:
    with world.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
