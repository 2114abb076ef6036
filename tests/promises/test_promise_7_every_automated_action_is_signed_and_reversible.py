"""Promise 7. Each step leaves a signed entry, what ran can be undone by one act that is signed as well, and
nobody rewrites the record unseen: neither an unsigned change nor a forged entry stands."""

from pathlib import Path

import psycopg
import pytest
from pytest_django import Settings

from audit.api import (
    Entry,
    Outcome,
    Run,
    UndoRefused,
    get_run,
    runs,
    undo_preview,
    undo_run,
    verify_ledger,
    write_checkpoints,
)
from booking.api import Attendee, Booking, get_event_type
from jobs.api import drain
from tests.booking.scene import BEN, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.promises.scene import invite_in, perform_all, reread
from tests.simulators.smtp import MailSink

START = workday(11)


def test_promise_7_every_automated_action_is_signed_and_reversible(
    world: World, web: str, mails: MailSink, settings: Settings, tmp_path: Path
) -> None:
    settings.HOLDFAST_DATA = tmp_path
    settings.HOLDFAST_CHECKPOINTS = tmp_path / "checkpoints"
    with world.enter("acme"):
        booking = booked("intro-call", START)
        perform_all()
        confirmation = Run.objects.get()
        assert undo_preview(confirmation, now=now()).consequences[0].endswith("open to everyone at once.")

        cancellation = undo_run(confirmation.pk, actor=OWNER, now=now())
        assert (reread(booking).status, _offers()) == ("cancelled", True)
        perform_all()
        with pytest.raises(UndoRefused, match="It was undone already"):
            undo_run(confirmation.pk, actor=OWNER, now=now())

        again = undo_run(cancellation.pk, actor=OWNER, now=now())
        assert (reread(booking).status, _offers()) == ("awaiting_link", False)
        perform_all()
        after = reread(booking)
        assert (after.status, after.uid, after.meeting.sequence) == ("confirmed", booking.uid, 2)
        assert _invites_to(mails, BEN.email) == [("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2)]

        for run in runs():
            assert run.state == "done"
            for step in run.steps:
                assert step.entry_seq is not None, (run.workflow, step.action)
                assert Entry.objects.get(seq=step.entry_seq).action == step.action
                assert step.undo in ("full", "correct") or step.because
        assert _reversed_by(cancellation) == confirmation.pk
        assert _reversed_by(again) == cancellation.pk
    write_checkpoints(now())
    report = verify_ledger(world.acme, now=now())
    assert (report.outcome, report.seq) == (Outcome.OK, None), report.words


def test_undo_of_a_cancellation_says_when_the_time_is_gone(world: World, mails: MailSink) -> None:
    with world.enter("acme"):
        booking = booked("site-visit", START)
        drain()
        cancellation = undo_run(Run.objects.get().pk, actor=OWNER, now=now())
        drain()
        other = booked("site-visit", START, attendee=Attendee("Carla Dias", "carla@example.com"))
        with pytest.raises(UndoRefused, match="The time is gone"):
            undo_run(cancellation.pk, actor=OWNER, now=now())
        assert (reread(booking).status, reread(other).status) == ("cancelled", "confirmed")
        assert get_run(cancellation.pk).undone_by is None


def test_a_change_without_a_signed_entry_cannot_commit(lasting_world: World) -> None:
    with lasting_world.enter("acme"):
        uid = booked("site-visit", START).uid
    for role in ("app", "superuser"):
        with getattr(lasting_world, role)("acme") as database, pytest.raises(psycopg.Error) as refused:
            database.execute("UPDATE booking_booking SET attendee_name = 'Eve' WHERE uid = %s", [uid])
        assert refused.value.sqlstate == "HF401"
    with lasting_world.enter("acme"):
        assert Booking.objects.get(uid=uid).attendee_name == BEN.name


def test_nobody_rewrites_the_record_unseen(world: World) -> None:
    with world.enter("acme"):
        booked("site-visit", START)
    for statement in (
        "TRUNCATE audit_entry CASCADE",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET seq = seq",
    ):
        for role in ("app", "owner", "superuser"):
            with (
                getattr(world, role)("acme") as database,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                database.execute(statement)
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")  # every trigger off
        row = database.execute(
            "UPDATE audit_entry SET signature = sha512('forged') "
            "WHERE seq = (SELECT max(seq) - 1 FROM audit_entry) RETURNING seq"
        ).fetchone()
    assert row is not None
    report = verify_ledger(world.acme, now=now())
    assert (report.outcome, report.seq) == (Outcome.TAMPERED, row[0])


def _offers() -> bool:
    return START in [slot.start for slot in first_slots(get_event_type("intro-call"), START)]


def _reversed_by(run: Run) -> int | None:
    """Return the run that the first entry of `run` says it reverses."""
    first = Entry.objects.filter(run_id=run.pk).order_by("seq")[0]
    assert first.reverses is not None
    return Entry.objects.get(seq=first.reverses).run_id


def _invites_to(mails: MailSink, address: str) -> list[tuple[str, int]]:
    """Return METHOD and SEQUENCE of the invites that an address got, in order (RFC 5546)."""
    invites = [invite_in(each) for each in mails.received if each.recipients == (address,)]
    return [(str(invite["METHOD"]), int(str(invite.events[0]["SEQUENCE"]))) for invite in invites]
