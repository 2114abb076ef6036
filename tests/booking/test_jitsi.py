"""A booking on Jitsi is confirmed with a proven link, or fails closed and is told; a move makes another room."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from audit.api import Actor
from booking.api import EventType, get_booking, move
from providers.api import checked_jitsi, jitsi_server, use_jitsi
from tests.booking.clockwork import live_ranges, perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import CLIENT, booked, now, workday
from tests.database import World
from tests.portal.business.conftest import alice
from tests.portal.business.test_booking import words
from tests.simulators.jitsi import Fault, JitsiSimulator, jitsi_simulator
from tests.simulators.smtp import MailSink

__all__ = ["alice", "mails", "web"]  # fixtures


@pytest.fixture
def server(world: World, settings: Any) -> Iterator[JitsiSimulator]:
    with jitsi_simulator() as running, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (running.site.address,)
        use_jitsi(
            checked_jitsi(running.url, app_id="holdfast", secret="s3cret"),
            now=now(),
            actor=Actor(type="user", id="7"),
        )
        EventType.objects.filter(slug="intro-call").update(location_kind="jitsi")
        yield running


def test_a_booking_is_confirmed_with_the_link_that_was_proven(
    server: JitsiSimulator, mails: MailSink
) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    after = get_booking(booking.uid)
    assert after.status == "confirmed"
    assert after.meeting.link_proof["evidence"]["signed_in"] is True
    (mine,) = [each.mail for each in mails.received if each.recipients == ("ben@example.com",)]
    body = mine.get_body(("plain",))
    assert body is not None
    assert after.meeting.join_url in body.get_content()
    move(after, start=workday(15), now=now(), actor=CLIENT)
    perform_all()
    moved = get_booking(booking.uid)
    assert (moved.status, moved.meeting.starts_at) == ("confirmed", workday(15))
    assert urlsplit(moved.meeting.join_url).path != urlsplit(after.meeting.join_url).path


@pytest.mark.parametrize("fault", ["500", "rubbish", "gone", "no signalling"])
def test_without_a_proof_nothing_is_booked_and_the_client_is_told(
    server: JitsiSimulator, mails: MailSink, fault: Fault
) -> None:
    server.plan = [fault] * 20
    booking = booked("intro-call", workday(11))
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, after.failure_code, live_ranges(after.meeting_id)) == (
        "failed",
        "link_unverified",
        [],
    )
    told = [str(each.mail["Subject"]) for each in mails.received if each.recipients == ("ben@example.com",)]
    assert [subject.strip().split(":")[0] for subject in told] == ["Not booked"]


def test_a_passing_fault_is_tried_again(server: JitsiSimulator, mails: MailSink) -> None:
    server.plan = ["500"]
    booking = booked("intro-call", workday(11))
    perform_all()
    assert get_booking(booking.uid).status == "confirmed"


def test_a_server_is_connected_on_its_page_only_after_a_test(
    alice: Client, world: World, settings: Any
) -> None:
    with jitsi_simulator() as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.site.address,)
        typed = {"base_url": running.url, "app_id": "holdfast", "secret": "wrong"}
        refused = alice.post("/portal/connections/jitsi/", typed)
        assert refused.status_code == 422
        assert "The Jitsi server refuses our token. Invalid signature" in words(refused.content)
        with world.enter("acme"):
            assert jitsi_server() is None
        good = alice.post("/portal/connections/jitsi/", typed | {"secret": "s3cret"}, follow=True)
        assert "A room was opened up to its door." in words(good.content)
        tested = alice.post("/portal/connections/jitsi/test/", follow=True)
        assert "A room was opened up to its door." in words(tested.content)
        assert b"s3cret" not in good.content + tested.content
        alice.post("/portal/connections/jitsi/forget/")
        with world.enter("acme"):
            assert jitsi_server() is None
