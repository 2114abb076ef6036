"""Promise 3. Online, confirmed means: the link was made, read back over HTTP and found joinable, and the proof is
stored. Otherwise the slot is released and the client told in words; a reschedule leaves the old time standing."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from audit.api import record
from booking.api import Booking, get_event_type, move, subject_of
from providers.models import Room
from tests.booking.scene import BEN, CLIENT, booked, first_slots, now, workday
from tests.database import World
from tests.promises.scene import mails_to, perform_all, reread
from tests.simulators.http import Answer, Seen, Site, http_site
from tests.simulators.smtp import MailSink

START = workday(10)
Fault = Callable[[bool, bytes], Answer]


@pytest.fixture
def room(web: str, settings: Settings) -> Iterator[Site]:
    """Our own pages as they are, through a server in front that a test may give a fault."""

    def passed_on(seen: Seen) -> Answer:
        there = httpx.request(seen.method, f"http://{web}{seen.path}", headers={"Host": seen.headers["host"]})
        return Answer(status=there.status_code, body=there.content)

    with http_site(passed_on) as site:
        settings.HOLDFAST_SELF_ADDRESS = site.address
        yield site


def _broken(site: Site, fault: Fault) -> None:
    """Answer as the room does, but for the fault: it is given "is this the signalling?" and the true body."""
    truth = site.answer

    def wrong(seen: Seen) -> Answer:
        return fault("/signal" in seen.path, truth(seen).body)

    site.answer = wrong


FAULTS: dict[str, Fault] = {
    "answers 500": lambda is_signal, body: Answer(status=500, body=body),
    "is gone": lambda is_signal, body: Answer(status=404, body=body),
    "page is rubbish": lambda is_signal, body: Answer(body=body if is_signal else b"<h1>It works!</h1>"),
    "page is another meeting's": lambda is_signal, body: Answer(
        body=body if is_signal else re.sub(rb'(name="holdfast-room" content=")\w+', rb"\1another", body)
    ),
    "signalling is rubbish": lambda is_signal, body: Answer(body=b"{" if is_signal else body),
    "signalling is not this room's": lambda is_signal, body: Answer(
        body=re.sub(rb'("echo": ")\w{8}', rb"\g<1>00000000", body) if is_signal else body
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made(
    world: World, room: Site, mails: MailSink, fault: str
) -> None:
    _broken(room, FAULTS[fault])
    with world.enter("acme"):
        booking = booked("intro-call", START)
        perform_all()
        failed = reread(booking)
        assert (failed.status, failed.failure_code) == ("failed", "link_unverified")
        assert failed.failure_words == (
            "The meeting link could not be made to work, so nothing was booked. Choose a time again."
        )
        assert START in [slot.start for slot in first_slots(get_event_type("intro-call"), START)]
        assert [each.cancelled_at is not None for each in Room.objects.all()] == [True]
    (told,) = [each for each in mails.received if each.recipients == (BEN.email,)]
    words = told.mail.get_body(("plain",))
    assert words is not None
    assert "The meeting link could not be made to work" in " ".join(words.get_content().split())


def test_a_confirmed_booking_has_a_proof_and_its_link_opens(
    world: World, room: Site, mails: MailSink, acme: Client
) -> None:
    with world.enter("acme"):
        booking = booked("intro-call", START)
        perform_all()
        confirmed = reread(booking)
    meeting = confirmed.meeting
    assert confirmed.status == "confirmed"
    assert meeting.link_proved_at is not None
    assert meeting.link_proof is not None
    assert datetime.fromisoformat(meeting.link_proof["starts_at"]) == START
    assert meeting.link_proof["evidence"]["meeting"] == meeting.uid
    page = acme.get(re.sub(r"^http://[^/]+", "", meeting.join_url))
    assert (page.status_code, b"scheduled, opens at" in page.content) == (200, True)


def test_a_move_whose_link_cannot_be_proven_leaves_the_old_time_standing(
    world: World, room: Site, mails: MailSink
) -> None:
    with world.enter("acme"):
        booking = booked("intro-call", START)
        perform_all()
        before = reread(booking)
        _broken(room, FAULTS["answers 500"])
        moving = move(before, start=workday(15), now=now(), actor=CLIENT)
        perform_all()
        moving.refresh_from_db()
        after = reread(booking)
        assert (moving.status, moving.failure_code) == ("failed", "link_unverified")
        assert (after.status, after.meeting.starts_at) == ("confirmed", START)
        assert (after.meeting.join_url, after.manage_version) == (before.meeting.join_url, 0)
        assert workday(15) in [slot.start for slot in first_slots(get_event_type("intro-call"), START)]
    assert len(mails_to(mails, BEN.email)) == 2


def test_the_database_refuses_a_confirmation_without_proof(world: World) -> None:
    with world.enter("acme"):
        booking = booked("intro-call", START)
        with pytest.raises(DatabaseError, match="its link was never proven for this start") as refused:
            _confirm_by_hand(booking)
        assert getattr(refused.value.__cause__, "sqlstate", None) == "HF409"
        assert reread(booking).status == "awaiting_link"


def _confirm_by_hand(booking: Booking) -> None:
    """Write the status past every rule of ours, and sign it."""
    with transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(status="confirmed", expires_at=None)
        record("confirm_by_hand", subject=subject_of(booking.meeting.uid), actor=CLIENT, payload={})
