"""Ways to meet in an order: what fails gives way to the next, is taken back, and people get the link that works."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.api import Actor, Entry, body_of_entry, runs
from booking.api import Booking, EventType, cancel, get_booking, move, progress
from booking.models import Incident
from providers.api import checked_jitsi, use_jitsi
from providers.models import Room
from tests.booking.clockwork import live_ranges, perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import CLIENT, booked, now, workday
from tests.database import World
from tests.simulators.jitsi import JitsiSimulator, jitsi_simulator
from tests.simulators.smtp import MailSink

__all__ = ["mails", "web"]  # fixtures


@pytest.fixture
def server(world: World, web: str, mails: MailSink, settings: Any) -> Iterator[JitsiSimulator]:
    """A Jitsi server that is the first way of intro-call; the built-in room is the second."""
    with jitsi_simulator() as running, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (*settings.HOLDFAST_HTTP_ALLOW, running.site.address)
        jitsi = checked_jitsi(running.url, app_id="holdfast", secret="s3cret")
        use_jitsi(jitsi, now=now(), actor=Actor(type="user", id="7"))
        EventType.objects.filter(slug="intro-call").update(
            location_kind="jitsi", fallback_locations=[{"kind": "built_in_room", "detail": ""}]
        )
        yield running


def ended(hour: int = 11) -> Booking:
    booking = booked("intro-call", workday(hour))
    perform_all()
    return get_booking(booking.uid)


def told(mails: MailSink, start: str) -> str:
    """Return the text of the client's one mail whose subject starts so."""
    mine = [each.mail for each in mails.received if each.recipients == ("ben@example.com",)]
    (found,) = [mail for mail in mine if str(mail["Subject"]).startswith(start)]
    body = found.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def steps_of(run: Any) -> dict[str, str]:
    return {step.action: step.state for step in run.steps}


def test_the_first_way_that_works_is_used_and_the_next_is_left_out(server: JitsiSimulator) -> None:
    booking = ended()
    assert (booking.status, booking.meeting.link_kind) == ("confirmed", "jitsi")
    (run,) = runs(workflow="new_booking")
    assert "because" not in run.sentence
    assert steps_of(run)["create_second_choice"] == steps_of(run)["discard_unused_links"] == "skipped"
    assert (Room.objects.count(), Incident.objects.count()) == (0, 0)


def test_a_link_that_cannot_be_proven_gives_way_to_the_room_and_everyone_gets_that_one(
    server: JitsiSimulator, mails: MailSink
) -> None:
    server.plan = ["gone"] * 20
    booking = ended()
    meeting = booking.meeting
    assert (booking.status, meeting.location_kind, meeting.link_kind) == (
        "confirmed",
        "jitsi",
        "built_in_room",
    )
    room = Room.objects.get()
    assert (meeting.link_key, room.key, room.cancelled_at) == (room.key, f"{meeting.uid}-0-2", None)
    assert meeting.link_proof["unused"] == [["jitsi", f"{meeting.uid}-0"]]
    body = told(mails, "Confirmed")
    assert meeting.join_url in body
    assert server.url not in body
    (run,) = runs(workflow="new_booking")
    assert run.sentence.endswith(", in the built-in room because Jitsi did not work")
    wanted = {"verify_link": "failed", "verify_second_choice": "done", "discard_unused_links": "done"}
    assert wanted.items() <= steps_of(run).items()
    assert [line.state for line in progress(booking, now=now()).lines] == ["done"] * 4


def test_which_way_was_used_is_signed(server: JitsiSimulator) -> None:
    server.plan = ["gone"] * 20
    ended()
    failed = Entry.objects.get(action="verify_link.failed")
    proven = body_of_entry(Entry.objects.get(action="verify_second_choice"))["payload"]
    assert failed.seq < Entry.objects.get(action="verify_second_choice").seq
    assert proven["result"]["kind"] == "built_in_room"


def test_the_team_is_told_once_which_way_does_not_work(server: JitsiSimulator) -> None:
    server.plan = ["gone"] * 20
    ended(11)
    server.plan = ["gone"] * 20
    ended(14)
    incident = Incident.objects.get()
    assert (incident.subject, incident.title) == (
        "provider:jitsi",
        "A link in Jitsi could not be made to work.",
    )
    assert "next way to meet is tried instead" in incident.consequence


def test_where_no_way_works_nothing_is_booked(server: JitsiSimulator, settings: Any) -> None:
    server.plan = ["gone"] * 20
    settings.HOLDFAST_HTTP_ALLOW = (server.site.address,)  # the room's own pages cannot be asked any more
    EventType.objects.filter(slug="intro-call").update(
        fallback_locations=[{"kind": "fixed_link", "detail": "https://127.0.0.1:9/nobody"}]
    )
    booking = ended()
    assert (booking.status, booking.failure_code) == ("failed", "link_unverified")
    assert live_ranges(booking.meeting_id) == []
    (run,) = runs(workflow="new_booking")
    assert steps_of(run)["create_second_choice"] == steps_of(run)["create_meeting"] == "undone"
    assert [line.state for line in progress(booking, now=now()).lines][2] == "failed"


def test_a_move_tries_the_first_way_again_and_the_meeting_says_the_new_one(server: JitsiSimulator) -> None:
    server.plan = ["gone"] * 20
    booking = ended()
    room = Room.objects.get()
    server.plan = []
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    perform_all()
    moved = get_booking(booking.uid)
    assert (moved.meeting.link_kind, moved.meeting.starts_at) == ("jitsi", workday(15))
    assert moved.meeting.link_proof["unused"] == []
    room.refresh_from_db()
    assert room.cancelled_at is not None


def test_a_move_may_fall_back_and_says_so(server: JitsiSimulator) -> None:
    booking = ended()
    server.plan = ["gone"] * 20
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    perform_all()
    moved = get_booking(booking.uid)
    assert (moved.meeting.link_kind, moved.meeting.location_kind) == ("built_in_room", "jitsi")
    sentence = runs(workflow="new_booking")[0].sentence
    assert sentence.startswith("Moved")
    assert sentence.endswith("in the built-in room because Jitsi did not work")


def test_a_cancellation_takes_back_the_link_that_was_really_made(server: JitsiSimulator) -> None:
    server.plan = ["gone"] * 20
    booking = ended()
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert [room.cancelled_at is None for room in Room.objects.all()] == [False]
    entry = body_of_entry(Entry.objects.get(action="cancel_meeting"))["payload"]
    assert entry["result"] == {"was_live": True}


def test_seats_of_one_session_meet_in_one_place(server: JitsiSimulator, world: World) -> None:
    with world.enter("northwind"):
        jitsi = checked_jitsi(server.url, app_id="holdfast", secret="s3cret")
        use_jitsi(jitsi, now=now(), actor=Actor(type="user", id="7"))
        EventType.objects.filter(slug="workshop").update(
            location_kind="jitsi", fallback_locations=[{"kind": "built_in_room", "detail": ""}]
        )
        server.plan = ["gone"] * 3
        first, second = booked("workshop", workday(11)), booked("workshop", workday(11))
        perform_all()
        server.plan = []
        third = booked("workshop", workday(11))
        perform_all()
        places = [get_booking(each.uid) for each in (first, second, third)]
        assert {each.status for each in places} == {"confirmed"}
        assert len({each.meeting.join_url for each in places}) == 1
        live = Room.objects.filter(cancelled_at=None)
        assert [room.key for room in live] == (
            [places[0].meeting.link_key] if places[0].meeting.link_kind == "built_in_room" else []
        )
