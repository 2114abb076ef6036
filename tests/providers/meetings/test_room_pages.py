"""The room that the portal really serves passes the proof over real HTTP, until it is cancelled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from kernel.clock import now as read_clock
from providers.api import MeetingRequest, NotJoinable, meeting_provider
from tests.database import World
from tests.simulators.web import product_over_http

ROOMS = meeting_provider("built_in_room")


@pytest.fixture
def web(world: World, settings: Settings) -> Iterator[World]:
    with product_over_http(settings), world.enter("acme"):
        yield world


@pytest.mark.parametrize(
    ("starts_in", "state"),
    [(timedelta(days=3), "scheduled"), (timedelta(minutes=5), "open"), (timedelta(hours=-2), "ended")],
)
def test_the_portals_room_is_proven_in_every_state(web: World, starts_in: timedelta, state: str) -> None:
    request = _request(starts_in)
    proof = ROOMS.prove(ROOMS.create(request, now=read_clock()), request, now=read_clock())
    assert (proof.evidence["status"], proof.evidence["state"], proof.evidence["meeting"]) == (
        200,
        state,
        "meeting1",
    )


def test_a_cancelled_room_is_not_proven_and_not_served(web: World) -> None:
    request = _request(timedelta(days=3))
    link = ROOMS.create(request, now=read_clock())
    ROOMS.cancel(link.key, now=read_clock())
    with pytest.raises(NotJoinable):
        ROOMS.prove(link, request, now=read_clock())


def test_one_rooms_pages_do_not_prove_another_or_another_tenants(web: World) -> None:
    request = _request(timedelta(days=3))
    link = ROOMS.create(request, now=read_clock())
    other = MeetingRequest(
        key="other:0", meeting_uid="other", title="x", starts_at=request.starts_at, ends_at=request.ends_at
    )
    elsewhere = ROOMS.create(other, now=read_clock())
    for crossed in ((link, other), (elsewhere, request)):
        with pytest.raises(NotJoinable):
            ROOMS.prove(*crossed, now=read_clock())
    with web.enter("northwind"), pytest.raises(NotJoinable):
        ROOMS.prove(link, request, now=read_clock())


def _request(starts_in: timedelta) -> MeetingRequest:
    starts_at = datetime.now(UTC).replace(microsecond=0) + starts_in
    return MeetingRequest(
        key="meeting1:0",
        meeting_uid="meeting1",
        title="Intro <call>",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )
