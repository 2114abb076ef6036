"""The room's page and its signalling: they answer for one meeting, in every state, and for no other."""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from kernel.clock import now
from portal.room.states import room_state
from providers.api import meeting_provider
from tests.database import World
from tests.portal.room.conftest import make_room


@pytest.fixture
def acme(client_for: Callable[[str], Client]) -> Client:
    """A visitor at Acme."""
    return client_for("acme.localhost")


@pytest.mark.parametrize(
    ("until", "state", "said"),
    [
        (timedelta(hours=5), "scheduled", "scheduled, opens at"),
        (timedelta(minutes=-5), "open", "The room is open"),
        (timedelta(hours=-5), "ended", "This meeting has ended."),
    ],
)
def test_the_lobby_says_where_the_meeting_stands(
    world: World, acme: Client, until: timedelta, state: str, said: str
) -> None:
    room = make_room(world, starts_at=now() + until)
    page = acme.get(f"/room/{room.token}/")
    source = page.content.decode()
    assert page.status_code == 200
    assert re.findall(r'<meta name="holdfast-room" content="([^"]+)">', unescape(source)) == [
        f"meeting-1|{room.starts_at.isoformat()}"
    ]
    assert said in source
    assert "Intro call &lt;i&gt;" in source
    assert ('http-equiv="refresh"' in source) is (state == "scheduled")
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("private, no-store", "no-referrer")
    assert "camera=(self)" in page["Permissions-Policy"]


def test_signalling_signs_a_probe_with_the_rooms_secret(world: World, acme: Client) -> None:
    room = make_room(world, starts_at=now() + timedelta(hours=5))
    answer = acme.get(f"/room/{room.token}/signal", {"probe": "nonce-1"})
    assert answer.json() == {
        "meeting": "meeting-1",
        "starts_at": room.starts_at.isoformat(),
        "state": "scheduled",
        "echo": hmac.new(bytes(room.secret), b"nonce-1", hashlib.sha256).hexdigest(),
    }
    for probe in ("", "x" * 201):
        assert acme.get(f"/room/{room.token}/signal", {"probe": probe}).status_code == 400


def test_a_cancelled_room_an_unknown_one_and_another_tenants_are_not_there(
    world: World, acme: Client, client_for: Callable[[str], Client]
) -> None:
    room = make_room(world, starts_at=now() + timedelta(hours=5))
    elsewhere = client_for("northwind.localhost")
    assert elsewhere.get(f"/room/{room.token}/").status_code == 404
    with world.enter("acme"):
        assert meeting_provider("built_in_room").cancel("k1", now=now())
    cancelled, unknown = acme.get(f"/room/{room.token}/"), acme.get("/room/nothing/")
    assert (cancelled.status_code, cancelled.content) == (404, unknown.content)
    assert b"There is no meeting at this address" in cancelled.content
    assert acme.get(f"/room/{room.token}/signal", {"probe": "x"}).json() == {"code": "not_found"}
    assert acme.get(f"/room/{room.token}/signal", {"probe": "x"}).status_code == 404


def test_a_room_opens_and_closes_at_its_very_instants() -> None:
    opens_at = now()
    closes_at = opens_at + timedelta(minutes=40)
    tick = timedelta(microseconds=1)
    states = [
        room_state(opens_at=opens_at, closes_at=closes_at, now=at)
        for at in (opens_at - tick, opens_at, closes_at - tick, closes_at)
    ]
    assert states == ["scheduled", "open", "open", "ended"]
