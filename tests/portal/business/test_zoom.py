"""Zoom's pages: the organisation's app is kept only after a test that names what is wrong; a host's own account."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from audit.models import Entry
from booking.api import EventType, get_host
from providers.models import OAuthAccount, ZoomApp
from tests.database import World
from tests.portal.business.conftest import alice as alice
from tests.portal.business.test_booking import words
from tests.portal.business.test_meeting_types import form
from tests.providers.meetings.conftest import zoom as zoom
from tests.simulators.zoom import ZoomSimulator
from tests.simulators.zoom.server import ACCOUNT, CLIENT, SECRET

HERE = "/portal/connections/zoom/"
TYPED = {"account_id": ACCOUNT, "client_id": CLIENT, "secret": SECRET, "user": ""}


def actions(world: World) -> list[str]:
    with world.enter("acme"):
        return list(
            Entry.objects.filter(action__contains="zoom").order_by("seq").values_list("action", flat=True)
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account_id": "other"}, "Zoom does not know this account id for this app"),
        ({"secret": "other"}, "does not take this client secret"),
        ({"user": "nobody@acme.example"}, "Nobody in this Zoom account has this address."),
    ],
)
def test_an_app_is_not_kept_while_a_setting_is_wrong(
    alice: Client, world: World, zoom: ZoomSimulator, changes: dict[str, str], said: str
) -> None:
    answer = alice.post(f"{HERE}app/", TYPED | changes)
    assert answer.status_code == 422
    assert said in words(answer.content)
    with world.enter("acme"):
        assert ZoomApp.objects.count() == 0
    assert actions(world) == []


def test_an_app_is_connected_tested_and_forgotten(alice: Client, world: World, zoom: ZoomSimulator) -> None:
    kept = alice.post(f"{HERE}app/", TYPED, follow=True)
    assert "Zoom takes this app." in words(kept.content)
    assert "simulated-account" in words(kept.content)
    tested = alice.post(f"{HERE}test/", follow=True)
    assert "Zoom answered: this connection works." in words(tested.content)
    zoom.is_activated = False
    broken = alice.post(f"{HERE}test/", follow=True)
    assert "The test failed. Zoom does not know this account id for this app" in words(broken.content)
    with world.enter("acme"):
        assert SECRET.encode() not in bytes(ZoomApp.objects.get().sealed_secret)
    assert SECRET.encode() not in kept.content + tested.content
    alice.post(f"{HERE}forget/")
    with world.enter("acme"):
        assert ZoomApp.objects.count() == 0
    assert actions(world) == ["connect_zoom_organisation", "disconnect_zoom_organisation"]


def test_a_host_connects_tests_and_disconnects_an_account(
    alice: Client, world: World, zoom: ZoomSimulator, client_for: Callable[[str], Client]
) -> None:
    with world.enter("acme"):
        ana = get_host("ana").pk
    leaving = alice.post(f"/portal/connections/accounts/zoom/of/{ana}/")["Location"]
    page = httpx.get(leaving, trust_env=False).text.replace("&amp;", "&")
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))
    decided = httpx.post(
        f"{zoom.base_url}/oauth/decide", data={**fields, "account": "ana@zoom.example"}, trust_env=False
    )
    back = urlsplit(decided.headers["Location"])
    passed_on = urlsplit(client_for("localhost").get(f"{back.path}?{back.query}")["Location"])
    arrived = alice.get(f"{passed_on.path}?{passed_on.query}", follow=True)
    assert "meetings on Zoom are made in this account" in words(arrived.content)
    assert "Connected as ana@zoom.example" in words(arrived.content)
    tested = alice.post(f"{HERE}of/{ana}/test/", follow=True)
    assert "Zoom answered: this connection works." in words(tested.content)
    ended = alice.post(f"{HERE}of/{ana}/disconnect/", follow=True)
    assert "Disconnected, and revoked at Zoom." in words(ended.content)
    with world.enter("acme"):
        assert OAuthAccount.objects.count() == 0
    assert zoom.revoked == ["ana@zoom.example"]
    assert actions(world) == ["connect_zoom_account", "disconnect_zoom_account"]


def test_a_meeting_type_is_on_zoom_only_when_zoom_is_connected(
    alice: Client, world: World, zoom: ZoomSimulator
) -> None:
    refused = alice.post("/portal/meeting-types/new/", form(world, location_kind="zoom"))
    assert "Connect Zoom first, in Connections" in words(refused.content)
    alice.post(f"{HERE}app/", TYPED)
    assert alice.post("/portal/meeting-types/new/", form(world, location_kind="zoom")).status_code == 303
    with world.enter("acme"):
        assert EventType.objects.filter(location_kind="zoom").count() == 1
