"""Bookings on Zoom, else in the built-in room: what Zoom does half, late or not at all, at every step of the saga."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from audit.api import runs
from booking.api import Booking, EventType, Host, cancel, get_booking, move, reassign
from booking.models import Incident
from jobs.api import Job, drain
from kernel.breaker import BREAKER
from kernel.tenancy import PUBLIC, entered
from providers.models import Room
from tests.booking.clockwork import LATER as LATER_JOBS
from tests.booking.conftest import mails, web
from tests.booking.scene import CLIENT, OWNER, booked, colleague, now, workday
from tests.booking.test_google_meet import host_of
from tests.database import World
from tests.providers.meetings.conftest import connect_host, connect_organisation
from tests.providers.meetings.conftest import zoom as zoom
from tests.simulators.smtp import MailSink
from tests.simulators.vendor import Reply
from tests.simulators.zoom import ZoomSimulator

__all__ = ["mails", "web"]  # fixtures
ANA = "ana@acme.example"
DOWN = Reply(status=500, json={"code": 500, "message": "Internal"})
LATER = Reply(status=429, json={"code": 429, "message": "limit"}, headers={"Retry-After": "43200"})


@pytest.fixture
def acme(world: World, web: str, mails: MailSink, zoom: ZoomSimulator) -> Iterator[ZoomSimulator]:
    """Acme, whose intro calls are on Zoom, else in the built-in room."""
    with world.enter("acme"):
        connect_organisation()
        zoom.users.append(ANA)
        EventType.objects.filter(slug="intro-call").update(
            location_kind="zoom", fallback_locations=[{"kind": "built_in_room", "detail": ""}]
        )
        yield zoom


def perform() -> None:
    """Perform everything as time would: between two tries a provider's rest is over."""
    for _ in range(40):
        BREAKER.forget()
        drain()
        with entered(PUBLIC):
            waiting = Job.objects.filter(state="queued").exclude(kind__in=LATER_JOBS, due_at__gt=Now())
            if not waiting.update(due_at=Now()):
                return
    raise AssertionError("There are still jobs.")


def ended(hour: int = 11) -> Booking:
    booking = booked("intro-call", workday(hour))
    perform()
    return get_booking(booking.uid)


def rooms() -> int:
    return Room.objects.filter(cancelled_at=None).count()


def test_a_booking_moves_and_ends_with_its_one_zoom_meeting(acme: ZoomSimulator) -> None:
    booking = ended()
    (meeting,) = acme.live()
    assert (booking.meeting.link_kind, booking.meeting.join_url) == ("zoom", meeting["join_url"])
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    perform()
    (moved,) = acme.live()
    after = get_booking(booking.uid)
    assert (after.meeting.join_url, after.meeting.starts_at) == (moved["join_url"], workday(15))
    assert moved["start_time"] == f"{workday(15):%Y-%m-%dT%H:%M:%SZ}"
    cancel(after, reason="", now=now(), actor=CLIENT)
    perform()
    assert (acme.live(), rooms()) == ([], 0)


@pytest.mark.parametrize(
    ("where", "fault", "made"),
    [
        ("POST /oauth/token", {"reply": DOWN, "times": 30}, 0),
        ("POST /v2/users", {"reply": DOWN, "times": 30}, 0),
        ("POST /v2/users", {"reply": LATER, "times": 30}, 0),
        ("POST /v2/users", {"reply": Reply(body="rubbish"), "times": 30}, 0),
        ("POST /v2/users", {"drop": True, "times": 30}, 0),
        ("GET /v2/meetings", {"reply": DOWN, "times": 30}, 1),
        ("GET /v2/meetings", {"reply": LATER, "times": 30}, 1),
        (
            "GET /v2/meetings",
            {"reply": Reply(status=404, json={"code": 3001, "message": "no"}), "times": 30},
            1,
        ),
    ],
)
def test_what_zoom_does_not_do_gives_way_to_the_room_and_leaves_nothing_at_zoom(
    acme: ZoomSimulator, where: str, fault: dict[str, Any], made: int
) -> None:
    acme.fail(where, **fault)
    booking = ended()
    assert (booking.status, booking.meeting.link_kind, rooms()) == ("confirmed", "built_in_room", 1)
    assert acme.asked("DELETE /v2/meetings") == made
    assert acme.live() == []
    assert Incident.objects.filter(kind="meeting_link_failed").count() == 1


def test_a_half_made_meeting_is_found_and_deleted_after_the_room_was_used(acme: ZoomSimulator) -> None:
    acme.fail("POST /v2/users", after=True, drop=True)
    acme.fail("GET /v2/users", reply=DOWN, times=9)  # nobody can look whether it was made
    booking = ended()
    assert (booking.status, booking.meeting.link_kind, rooms()) == ("confirmed", "built_in_room", 1)
    assert (acme.live(), acme.asked("POST /v2/users")) == ([], 1)
    assert runs(workflow="new_booking")[0].sentence.endswith("in the built-in room because Zoom did not work")


def test_a_half_made_meeting_that_could_not_be_deleted_goes_with_the_cancellation(
    acme: ZoomSimulator,
) -> None:
    acme.fail("POST /v2/users", after=True, drop=True)
    lost = acme.fail("GET /v2/users", reply=DOWN, times=10_000)
    booking = ended()
    assert len(acme.live()) == 1
    assert Incident.objects.filter(kind="leftover_link").count() == 1
    lost.times = 0
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform()
    assert (acme.live(), rooms()) == ([], 0)


def test_a_daily_limit_does_not_hold_the_booking_up(acme: ZoomSimulator) -> None:
    acme.written[ANA] = 100
    booking = ended()
    assert booking.meeting.link_kind == "built_in_room"
    assert acme.asked("POST /v2/users/ana@acme.example") == 1


def test_a_move_that_zoom_refuses_falls_back_and_the_meeting_at_zoom_goes(acme: ZoomSimulator) -> None:
    booking = ended()
    acme.fail("PATCH /v2/meetings", reply=DOWN, times=9)
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    perform()
    after = get_booking(booking.uid)
    assert (after.meeting.link_kind, after.meeting.starts_at, rooms()) == ("built_in_room", workday(15), 1)
    assert acme.live() == []


def test_a_move_that_fails_leaves_the_meeting_at_its_old_time(acme: ZoomSimulator) -> None:
    EventType.objects.filter(slug="intro-call").update(fallback_locations=[])
    booking = ended()
    acme.fail("PATCH /v2/meetings", reply=DOWN, times=9)
    move(booking, start=workday(15), now=now(), actor=CLIENT)
    perform()
    after = get_booking(booking.uid)
    (meeting,) = acme.live()
    assert (after.meeting.starts_at, after.meeting.join_url) == (workday(11), meeting["join_url"])
    assert meeting["start_time"] == f"{workday(11):%Y-%m-%dT%H:%M:%SZ}"


def give(booking: Booking, host: Host) -> None:
    reassign(get_booking(booking.uid), host=host, now=now(), actor=OWNER)
    perform()


def test_a_meeting_in_the_hosts_own_account_is_made_anew_in_the_next_ones(acme: ZoomSimulator) -> None:
    ana, rui = Host.objects.get(slug="ana"), colleague()
    connect_host(acme, ana.pk)
    connect_host(acme, rui.pk, account="rui@zoom.example")
    booking = ended()
    (before,) = acme.live()
    give(booking, rui)
    (meeting,) = acme.live()
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), meeting["host_email"], after.join_url) == (
        "rui",
        "rui@zoom.example",
        meeting["join_url"],
    )
    assert (before["host_email"], before["id"] != meeting["id"], rooms()) == ("ana@zoom.example", True, 0)
    give(booking, ana)
    (meeting,) = acme.live()
    assert (host_of(booking), meeting["host_email"]) == ("ana", "ana@zoom.example")


def test_a_user_of_the_businesss_account_hands_over_to_a_meeting_of_the_next_one(acme: ZoomSimulator) -> None:
    booking = ended()
    (before,) = acme.live()
    acme.users.append("rui@acme.example")
    Host.objects.filter(slug="rui").update(email="rui@acme.example")
    give(booking, colleague())
    (meeting,) = acme.live()
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), meeting["host_email"], after.join_url) == (
        "rui",
        "rui@acme.example",
        meeting["join_url"],
    )
    assert (before["host_email"], before["id"] != meeting["id"], rooms()) == (ANA, True, 0)


def test_a_meeting_under_the_user_of_the_businesss_app_stays_whoever_takes_it_over(
    acme: ZoomSimulator,
) -> None:
    acme.users.remove(ANA)
    booking = ended()
    (before,) = acme.live()
    give(booking, colleague())
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), acme.live(), after.join_url) == ("rui", [before], before["join_url"])


def test_a_room_that_stood_in_for_zoom_stays_whoever_takes_it_over(acme: ZoomSimulator) -> None:
    connect_host(acme, Host.objects.get(slug="ana").pk)
    lost = acme.fail("POST /v2/users", reply=DOWN, times=10_000)
    booking = ended()
    lost.times = 0
    give(booking, colleague())
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), after.link_kind, after.join_url) == (
        "rui",
        "built_in_room",
        booking.meeting.join_url,
    )
    assert acme.live() == []
