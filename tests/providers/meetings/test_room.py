"""The built-in room is made once per key, and proven only by a page and a signalling that are its own."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection, transaction

from kernel.tenancy import entered
from providers.api import (
    MeetingLink,
    MeetingRequest,
    NotJoinable,
    Proof,
    Rejected,
    RoomNotFound,
    get_room,
    meeting_provider,
    room_mark,
)
from providers.models import Room
from tests.database import World
from tests.simulators.http import Answer, Seen, Site, http_site

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
REQUEST = MeetingRequest(
    key="meeting-1:0",
    meeting_uid="meeting1",
    title="Intro call",
    starts_at=datetime(2026, 11, 3, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 11, 3, 15, 0, tzinfo=UTC),
)
ROOMS = meeting_provider("built_in_room")
SECRET = (
    b"the secret of the test's one room"  # the test's pages answer in another thread, without the database
)


@pytest.fixture
def site(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("providers.meetings.room._new_secret", lambda: SECRET)
    with http_site(room_pages) as running, world.enter("acme"):
        settings.HOLDFAST_SELF_ADDRESS = running.address
        yield running


def room_pages(seen: Seen) -> Answer:
    """Answer as the room's pages do, from the facts of the test's one room."""
    parts = urlsplit(seen.path)
    if not parts.path.endswith("/signal"):
        return _page(room_mark(REQUEST.meeting_uid, REQUEST.starts_at))
    return _signal(_truth(parse_qs(parts.query)["probe"][0]))


def test_a_room_is_made_with_an_unguessable_link_at_the_tenants_own_address(site: Site) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    room = Room.objects.get()
    assert link == MeetingLink(
        kind="built_in_room",
        key="meeting-1:0",
        url=f"http://acme.localhost:8000/room/{room.token}/",
        data={"token": room.token},
    )
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", room.token)
    assert (room.opens_at, room.closes_at) == (REQUEST.starts_at - timedelta(minutes=10), REQUEST.ends_at)
    assert (room.meeting_uid, room.title, bytes(room.secret)) == ("meeting1", "Intro call", SECRET)
    assert get_room(room.token) == room


def test_the_same_key_gives_the_same_room_and_another_key_another(site: Site) -> None:
    first = ROOMS.create(REQUEST, now=NOW)
    assert ROOMS.create(REQUEST, now=NOW + timedelta(hours=1)) == first == ROOMS.find(REQUEST.key)
    other = ROOMS.create(replace(REQUEST, key="meeting-1:1"), now=NOW)
    assert (other.url != first.url, Room.objects.count()) == (True, 2)


def test_twenty_at_once_make_one_room(site: Site, world: World) -> None:
    def make(_: int) -> str:
        try:
            with entered(world.acme):
                return ROOMS.create(REQUEST, now=NOW).url
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(make, range(20)))
    assert (len(urls), Room.objects.count()) == (1, 1)


def test_a_cancelled_room_is_gone_and_its_key_does_not_come_back(site: Site) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    assert [ROOMS.cancel(link.key, now=NOW), ROOMS.cancel(link.key, now=NOW), ROOMS.cancel("x", now=NOW)] == [
        True,
        False,
        False,
    ]
    assert ROOMS.find(link.key) is None
    with pytest.raises(RoomNotFound):
        get_room(str(link.data["token"]))
    with pytest.raises(Rejected):
        ROOMS.create(REQUEST, now=NOW)
    with pytest.raises(NotJoinable) as refused:
        ROOMS.prove(link, REQUEST, now=NOW)
    assert (refused.value.is_transient, site.seen) == (False, [])


def test_a_key_is_never_lent_to_another_meeting_or_time(site: Site) -> None:
    ROOMS.create(REQUEST, now=NOW)
    later = REQUEST.starts_at + timedelta(minutes=5)
    for changed in (replace(REQUEST, meeting_uid="other"), replace(REQUEST, starts_at=later)):
        with pytest.raises(Rejected):
            ROOMS.create(changed, now=NOW)


def test_another_tenants_room_is_unknown(site: Site, world: World) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    with world.enter("northwind"):
        assert ROOMS.find(link.key) is None
        with pytest.raises(RoomNotFound):
            get_room(str(link.data["token"]))


def test_a_room_whose_page_and_signalling_answer_for_the_meeting_is_proven(site: Site) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    proof = ROOMS.prove(link, REQUEST, now=NOW)
    nonce = proof.evidence["nonce"]
    assert proof == Proof(
        checked_at=NOW,
        url=link.url,
        evidence={
            "kind": "built_in_room",
            "meeting": "meeting1",
            "status": 200,
            "state": "scheduled",
            "nonce": nonce,
        },
    )
    token = link.data["token"]
    assert [(seen.method, seen.path, seen.headers["host"]) for seen in site.seen] == [
        ("GET", f"/room/{token}/", "acme.localhost:8000"),
        ("GET", f"/room/{token}/signal?probe={nonce}", "acme.localhost:8000"),
    ]


OTHER_START = "2026-11-03T14:35:00+00:00"
PAGES: dict[str, tuple[Callable[[], Answer], bool]] = {
    "error 500": (lambda: Answer(status=500), True),
    "not found": (lambda: Answer(status=404), True),
    "a redirect": (lambda: Answer(status=302, headers={"Location": "/"}), True),
    "no mark": (lambda: Answer(body=b"<html>hello</html>"), True),
    "two marks": (lambda: Answer(body=_page("a|b").body * 2), True),
    "rubbish": (lambda: Answer(body=bytes(range(256))), True),
    "not http": (lambda: Answer(raw=b"rubbish\r\n\r\n"), True),
    "too large": (lambda: Answer(body=b"x" * 1_000_001), True),
    "another meeting": (lambda: _page(room_mark("other", REQUEST.starts_at)), False),
    "another start": (lambda: _page(f"meeting1|{OTHER_START}"), False),
    "a start without zone": (lambda: _page("meeting1|2026-11-03T14:30:00"), False),
    "no start": (lambda: _page("meeting1"), False),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_not_this_meetings_proves_nothing(site: Site, name: str) -> None:
    answer, transient = PAGES[name]
    link = ROOMS.create(REQUEST, now=NOW)
    site.answer = lambda seen: room_pages(seen) if "/signal" in seen.path else answer()
    with pytest.raises(NotJoinable) as refused:
        ROOMS.prove(link, REQUEST, now=NOW)
    assert (refused.value.code, refused.value.is_transient) == ("link_unverified", transient)


SIGNALS: dict[str, Callable[[str], Answer]] = {
    "error 500": lambda nonce: Answer(status=500),
    "rubbish": lambda nonce: Answer(body=b"\xff\xfe{"),
    "a list": lambda nonce: Answer(body=b"[]"),
    "no echo": lambda nonce: _signal({**_truth(nonce), "echo": None}),
    "the nonce itself": lambda nonce: _signal({**_truth(nonce), "echo": nonce}),
    "an older echo": lambda nonce: _signal(_truth("older")),
    "another secret": lambda nonce: _signal({**_truth(nonce), "echo": _hmac(b"guess", nonce)}),
    "another meeting": lambda nonce: _signal({**_truth(nonce), "meeting": "other"}),
    "another start": lambda nonce: _signal({**_truth(nonce), "starts_at": OTHER_START}),
    "a word for a start": lambda nonce: _signal({**_truth(nonce), "starts_at": "soon"}),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signalling_that_is_not_this_rooms_proves_nothing(site: Site, name: str) -> None:
    link = ROOMS.create(REQUEST, now=NOW)

    def answer(seen: Seen) -> Answer:
        parts = urlsplit(seen.path)
        if not parts.path.endswith("/signal"):
            return room_pages(seen)
        return SIGNALS[name](parse_qs(parts.query)["probe"][0])

    site.answer = answer
    with pytest.raises(NotJoinable):
        ROOMS.prove(link, REQUEST, now=NOW)


def test_a_slow_page_and_a_dead_one_prove_nothing_in_bounded_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("providers.meetings.room.TIMEOUT_SECONDS", 0.3)
    link = ROOMS.create(REQUEST, now=NOW)
    site.answer = lambda seen: Answer(delay_seconds=1)
    with pytest.raises(NotJoinable) as slow:
        ROOMS.prove(link, REQUEST, now=NOW)
    settings.HOLDFAST_SELF_ADDRESS = "127.0.0.1:1"
    with pytest.raises(NotJoinable) as dead:
        ROOMS.prove(link, REQUEST, now=NOW)
    assert slow.value.message == "The room's page does not answer: It did not answer in time."
    assert (slow.value.is_transient, dead.value.is_transient) == (True, True)


def test_a_link_to_a_host_that_is_not_ours_is_not_followed(site: Site) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    with pytest.raises(NotJoinable):
        ROOMS.prove(replace(link, url="http://evil.example/room/x/"), REQUEST, now=NOW)
    assert site.seen == []


def test_no_proof_is_made_inside_a_transaction(site: Site) -> None:
    link = ROOMS.create(REQUEST, now=NOW)
    with transaction.atomic(), pytest.raises(RuntimeError):
        ROOMS.prove(link, REQUEST, now=NOW)


def _page(mark: str) -> Answer:
    return Answer(body=f'<html><head><meta name="holdfast-room" content="{mark}"></head></html>'.encode())


def _signal(said: dict[str, Any]) -> Answer:
    return Answer(body=json.dumps(said).encode())


def _truth(nonce: str) -> dict[str, Any]:
    """Return what the room's signalling says, computed beside the code under test."""
    return {
        "meeting": REQUEST.meeting_uid,
        "starts_at": REQUEST.starts_at.isoformat(),
        "state": "scheduled",
        "echo": _hmac(SECRET, nonce),
    }


def _hmac(secret: bytes, nonce: str) -> str:
    return hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()
