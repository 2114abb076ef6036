"""Every probe: well in a sound world, and red for the very fault that it is there to see."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from audit.api import Entry, write_checkpoint
from booking.api import get_booking, get_host
from booking.health.registry import CHEAP, DAILY
from booking.models import Booking, EventType, Host, Meeting, Occupancy, Resource
from jobs.api import Job
from kernel.tenancy import PUBLIC, entered
from providers.api import connect_caldav
from providers.models import CalendarConnection, Message, Room
from tests.booking.clockwork import perform_all
from tests.booking.health.conftest import seen
from tests.booking.scene import booked, now, workday
from tests.database import World
from tests.simulators.dav_server import free_port
from tests.simulators.radicale import radicale
from tests.simulators.smtp import MailSink

TABLES = (Booking, Meeting, Occupancy, Resource, Host, EventType, Message, Entry)


def counts() -> list[int]:
    with entered(PUBLIC):
        jobs = Job.objects.count()
    return [*(model._default_manager.count() for model in TABLES), jobs]


@pytest.mark.parametrize("probe", [*CHEAP, *DAILY])
def test_a_sound_business_is_well_and_looking_leaves_nothing(
    acme: World, web: str, mails: MailSink, probe: str
) -> None:
    write_checkpoint(now())
    before = counts()
    found = seen(probe)
    assert found.state == ("warn" if probe == "turn" else "ok"), found.words
    assert counts() == before
    assert mails.received == []


def test_a_dropped_constraint_is_seen(acme: World) -> None:
    with acme.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
    found = seen("guard")
    assert (found.state, found.repair) == ("bad", "broken_guard")
    assert (
        found.words == "The constraint booking_occupancy_no_overlap is missing, or does not refuse any more."
    )


def test_a_constraint_that_stands_but_refuses_nothing_is_seen(acme: World) -> None:
    with acme.owner("acme") as owner:
        owner.execute(
            "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap, "
            "ADD CONSTRAINT booking_occupancy_no_overlap EXCLUDE USING gist "
            "(resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL AND id < 0)"
        )
    found = seen("guard")
    assert (found.state, found.words) == (
        "bad",
        "An overlap was not refused: the database answered nothing and not 23P01.",
    )


def test_a_trigger_that_was_switched_off_is_seen(acme: World) -> None:
    with acme.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_meeting DISABLE TRIGGER booking_meeting_truth")
    assert (seen("triggers").state, seen("triggers").words) == (
        "bad",
        "Switched off or missing in the database: booking_meeting_truth.",
    )


def test_a_trigger_whose_function_was_gutted_is_seen(acme: World) -> None:
    with acme.owner("acme") as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION check_meeting_v1(p_meeting bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'"
        )
    assert seen("triggers").words == "An unsigned change was not refused (answer: nothing)."


def test_no_web_process_means_no_room_and_no_trial_booking(acme: World, settings: Settings) -> None:
    settings.HOLDFAST_SELF_ADDRESS = f"127.0.0.1:{free_port()}"
    assert [seen("room").state, seen("trial_booking").state] == ["bad", "bad"]
    assert list(Room.objects.values_list("key", flat=True)) == ["health"]


def test_the_trial_sees_a_double_booking_become_possible(acme: World, web: str) -> None:
    with acme.owner("acme") as owner:
        owner.execute(
            "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap, "
            "ADD CONSTRAINT booking_occupancy_no_overlap EXCLUDE USING gist "
            "(resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL AND id < 0)"
        )
    assert seen("trial_booking").words == "The trial booking failed: The same time could be booked twice."


def test_a_coming_meetings_dead_link_is_named(acme: World, web: str, mails: MailSink) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    Room.objects.filter(meeting_uid=booking.meeting.uid).delete()
    from booking.health import links
    from booking.health.findings import Asked

    soon = booking.meeting.starts_at - timedelta(hours=3)
    (found,) = links.check(Asked(soon))
    assert (found.state, found.subject, found.repair) == (
        "bad",
        f"meeting:{booking.meeting.uid}",
        "dead_room_link",
    )
    assert found.words == "The room of this meeting does not exist any more."
    assert found.consequence.startswith("Nobody can join Intro call on ")
    assert get_booking(booking.uid).status == "confirmed"


def test_a_stopped_calendar_costs_its_hosts_slots_and_says_whose(
    acme: World, settings: Settings, tmp_path: Path
) -> None:
    with radicale(tmp_path / "radicale") as server:
        settings.HOLDFAST_HTTP_ALLOW = (server.address,)
        url = server.make_calendar("work")
        connect_caldav(
            get_host("ana").pk, url=url, username=server.username, password=server.password, now=now()
        )
        assert seen("calendars").state == "ok"
    from providers.models import Calendar

    Calendar.objects.update(read_at=now() - timedelta(minutes=6))
    found = seen("calendars")
    kept = CalendarConnection.objects.get()
    assert (found.state, found.consequence) == ("bad", "Clients see no slots of Ana Martins.")
    assert (found.subject, found.repair) == (f"calendar:{kept.pk}", "stale_connection")


def test_a_stopped_mail_server_is_seen(acme: World, settings: Settings) -> None:
    settings.HOLDFAST_SMTP_URL = f"smtp://127.0.0.1:{free_port()}"
    found = seen("mail")
    assert (found.state, found.words[:34]) == ("bad", "The mail server cannot be reached:")


def test_jobs_that_wait_or_were_given_up_are_seen(acme: World) -> None:
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.filter(kind="run").update(due_at=now() - timedelta(minutes=7))
    assert seen("jobs").state == "bad"
    assert seen("jobs").words == "The oldest job has waited 7 minutes: the worker does not keep up."
    with entered(PUBLIC):
        Job.objects.filter(kind="run").update(state="parked")
    assert (seen("jobs").words, seen("jobs").repair) == (
        "One job was given up after many tries.",
        "stuck_run",
    )


def test_what_every_business_waits_for_is_no_fault_of_one(acme: World) -> None:
    booked("site-visit", workday(11))
    with entered(PUBLIC):
        Job.objects.filter(kind="run").update(due_at=now() - timedelta(minutes=7))
        other = Job.objects.create(
            schema=acme.northwind, kind="run", ref="0", due_at=now() - timedelta(minutes=4), created_at=now()
        )
    assert seen("jobs").state == "warn"
    assert seen("jobs").words == "The oldest job has waited 7 minutes, and other businesses’ jobs wait too."
    with entered(PUBLIC):
        Job.objects.filter(pk=other.pk).update(kind="owner:run")
    assert seen("jobs").state == "bad", "no worker performs the owner's jobs"
    with entered(PUBLIC):
        Job.objects.filter(pk=other.pk).update(kind="run", due_at=now() - timedelta(minutes=3))
    assert seen("jobs").state == "bad", "a little late is another matter"


def test_a_rewritten_entry_is_seen_recent_and_thorough(acme: World) -> None:
    write_checkpoint(now())
    booked("site-visit", workday(11))
    assert seen("ledger").state == "ok"
    with acme.superuser("acme") as root:
        root.execute("SET session_replication_role = replica")
        root.execute(
            "UPDATE audit_entry SET action = 'nothing' WHERE seq = (SELECT max(seq) FROM audit_entry)"
        )
    assert [seen("ledger").state, seen("ledger", thorough=True).state] == ["bad", "bad"]


def test_the_recent_look_starts_at_the_checkpoint_and_the_thorough_one_reads_all(acme: World) -> None:
    booked("site-visit", workday(11))
    write_checkpoint(now())
    with acme.superuser("acme") as root:
        root.execute("SET session_replication_role = replica")
        root.execute("UPDATE audit_entry SET action = 'nothing' WHERE seq = 2")
    assert [seen("ledger").state, seen("ledger", thorough=True).state] == ["ok", "bad"]


def test_turn_is_no_concern_where_nobody_meets_online(acme: World, settings: Settings) -> None:
    assert seen("turn").words == "No TURN server is set (HOLDFAST_TURN_URLS)."
    EventType.objects.update(location_kind="phone")
    assert seen("turn").state == "ok"
    settings.HOLDFAST_TURN_URLS, settings.HOLDFAST_TURN_SECRET = ("turn:turn.example:3478",), "shared"
    assert seen("turn").words == "A TURN server is set."
