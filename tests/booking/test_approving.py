"""A pending booking blocks its time; a host approves or declines it, once; without an answer it ends by itself."""

from collections.abc import Iterator

import pytest

from audit.api import UndoRefused, undo_run
from booking.api import (
    Booking,
    EventType,
    NotChangeable,
    SlotRefused,
    approve,
    decline,
    expire_due,
    get_event_type,
    hold,
    is_approval_token,
    progress,
    submit,
)
from booking.approving import approval_token, approval_url
from jobs.api import drain
from tests.booking.clockwork import let_pass
from tests.booking.scene import BEN, CLIENT, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

VISIT, WORKSHOP = "site-visit", "workshop"


@pytest.fixture
def acme(world: World, mails: MailSink) -> Iterator[MailSink]:
    """Acme, whose visits a host approves within a day."""
    with world.enter("acme"):
        EventType.objects.filter(slug=VISIT).update(requires_approval=True)
        yield mails


def texts(mails: MailSink) -> str:
    return "".join(str(each.mail.get_body(("plain",)).get_content()) for each in mails.received)  # type: ignore[union-attr]


def subjects(mails: MailSink, address: str) -> list[str]:
    drain()
    return [str(each.mail["Subject"]) for each in mails.received if address in each.recipients]


def test_a_booking_that_needs_approval_is_pending_and_blocks_its_time(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    assert booking.status == "pending"
    assert booking.expires_at is not None
    assert 86_300 < (booking.expires_at - now()).total_seconds() <= 86_400
    with pytest.raises(SlotRefused):
        booked(VISIT, workday(11))
    lines = [(line.key, line.state) for line in progress(booking, now=now()).lines]
    assert lines == [
        ("held", "done"), ("approval", "doing"), ("calendars", "waiting"), ("meeting", "waiting"), ("told", "waiting"),
    ]  # fmt: skip


def test_host_and_client_are_told_that_it_waits(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    assert [each.partition(":")[0] for each in subjects(acme, "ana@acme.example")] == ["Please decide"]
    assert [each.partition(":")[0] for each in subjects(acme, BEN.email)] == ["Asked for"]
    host = booking.meeting.hosts.get()
    assert approval_url(booking, host) in texts(acme)


def test_the_deadline_is_never_beyond_the_start(acme: MailSink) -> None:
    EventType.objects.filter(slug=VISIT).update(approval_minutes=30 * 1440)
    booking = booked(VISIT, workday(11))
    assert booking.expires_at is not None
    assert booking.expires_at <= booking.meeting.starts_at


def test_approved_it_is_confirmed_and_everyone_is_told(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    drain()
    assert approve(booking, now=now(), actor=OWNER).status == "confirmed"
    assert subjects(acme, BEN.email)[-1].startswith("Confirmed: ")
    with pytest.raises(NotChangeable, match="is confirmed, so it cannot be approved any more"):
        approve(booking, now=now(), actor=OWNER)


def test_approved_online_it_awaits_its_link_first(acme: MailSink, web: str) -> None:
    EventType.objects.filter(slug="intro-call").update(requires_approval=True)
    booking = booked("intro-call", workday(11))
    assert approve(booking, now=now(), actor=OWNER).status == "awaiting_link"
    drain()
    booking.refresh_from_db()
    assert (booking.status, bool(booking.meeting.refresh_from_db() or booking.meeting.join_url)) == (
        "confirmed",
        True,
    )


def test_declined_its_time_is_free_at_once_and_the_client_reads_why(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    decline(booking, reason="On holiday", now=now(), actor=OWNER)
    assert (booking.status, booking.cancel_reason) == ("declined", "On holiday")
    assert workday(11) in {slot.start for slot in first_slots(get_event_type(VISIT), workday(11))}
    assert subjects(acme, BEN.email)[-1].startswith("Not booked: ")
    assert "On holiday" in texts(acme)
    with pytest.raises(NotChangeable, match="is declined, so it cannot be declined"):
        decline(booking, reason="", now=now(), actor=OWNER)
    with pytest.raises(NotChangeable, match="is declined"):
        approve(booking, now=now(), actor=OWNER)


def test_without_an_answer_it_expires_and_the_client_is_told(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    drain()
    let_pass(booking)
    assert expire_due() == 1
    booking.refresh_from_db()
    assert booking.status == "expired"
    with pytest.raises(NotChangeable, match="is expired"):
        approve(booking, now=now(), actor=OWNER)
    assert subjects(acme, BEN.email)[-1].startswith("Not booked: ")


def test_too_late_is_too_late_before_anybody_swept(acme: MailSink) -> None:
    booking = booked(VISIT, workday(11))
    let_pass(booking)
    with pytest.raises(NotChangeable, match="has waited too long"):
        approve(booking, now=now(), actor=OWNER)
    assert booked(VISIT, workday(11)).status == "pending"


def test_a_hold_that_is_submitted_is_pending(acme: MailSink) -> None:
    held = hold(
        get_event_type(VISIT),
        start=workday(11),
        time_zone="Europe/Lisbon",
        now=now(),
        actor=CLIENT,
        visitor="v",
    )
    assert submit(held, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT).status == "pending"


def test_seats_are_taken_when_booked_and_never_at_approval(world: World) -> None:
    with world.enter("northwind"):
        EventType.objects.filter(slug=WORKSHOP).update(requires_approval=True, capacity=2)
        seats = [booked(WORKSHOP, workday(11)) for _ in range(2)]
        with pytest.raises(SlotRefused) as refused:
            booked(WORKSHOP, workday(11))
        assert refused.value.reason == "seats_full"
        for booking in seats:
            approve(booking, now=now(), actor=OWNER)
        seats[0].meeting.refresh_from_db()
        assert (seats[0].meeting.seats_taken, seats[0].meeting.capacity) == (2, 2)


def test_an_approval_is_undone_by_cancelling_and_a_decline_is_not(acme: MailSink) -> None:
    from audit.models import Run

    booking = booked(VISIT, workday(11))
    approve(booking, now=now(), actor=OWNER)
    drain()
    undo_run(Run.objects.order_by("-pk")[0].pk, actor=OWNER, now=now())
    booking.refresh_from_db()
    assert booking.status == "cancelled"
    other = booked(VISIT, workday(14))
    decline(other, reason="", now=now(), actor=OWNER)
    drain()
    with pytest.raises(UndoRefused, match="open to everyone again"):
        undo_run(Run.objects.order_by("-pk")[0].pk, actor=OWNER, now=now())


def test_a_decisions_link_is_for_one_host_and_one_booking(acme: MailSink) -> None:
    booking, other = booked(VISIT, workday(11)), booked(VISIT, workday(14))
    host = booking.meeting.hosts.get().pk
    token = approval_token(booking.uid, host)
    assert is_approval_token(booking, host, token)
    assert not is_approval_token(other, host, token)
    assert not is_approval_token(booking, host + 1, approval_token(booking.uid, host + 1))


def test_the_business_itself_needs_no_approval(acme: MailSink) -> None:
    from booking.api import book

    made = book(
        get_event_type(VISIT), start=workday(11), time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={},
        now=now(), actor=OWNER, visitor="", source=Booking.Source.PORTAL,
    ).booking  # fmt: skip
    assert made.status == "confirmed"
