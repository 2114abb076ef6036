"""Connecting a chat on its page: tested at once, its address never shown again, and told of the next booking."""

from typing import Any

import httpx
import pytest
from django.test import Client

from providers.api import webhook_endpoints
from tests.database import World
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words
from tests.simulators.chats import KINDS, chat_server
from tests.simulators.chats.demo import DemoChats
from tests.simulators.chats.server import PATHS
from tests.simulators.vendor import served

SECRET = "sEcReTtOkEn"


@pytest.mark.parametrize("kind", KINDS)
def test_a_chat_is_connected_tested_and_told_of_a_booking(
    alice: Client, world: World, office: Office, settings: Any, kind: str
) -> None:
    with chat_server(kind) as chat:
        settings.HOLDFAST_HTTP_ALLOW = (chat.site.address,)
        page = alice.post(f"/portal/connections/chats/{kind}/", {"url": chat.url}, follow=True)
        assert "Connected: the test is in the channel." in words(page.content)
        office.book("Ben Carter")
        assert (chat.refused, len(chat.taken)) == ([], 2)
        shown = page.content + alice.get("/portal/connections/").content
        assert SECRET.encode() not in shown
        assert "Make a new secret" not in words(page.content)


def test_a_wrong_address_is_refused_in_words_and_a_dead_chat_says_so(
    alice: Client, world: World, settings: Any
) -> None:
    wrong = alice.post("/portal/connections/chats/slack/", {"url": "https://example.org/hook"})
    assert wrong.status_code == 422
    assert "This is not the address of a webhook of Slack." in words(wrong.content)
    with world.enter("acme"):
        assert [each for each in webhook_endpoints() if each.kind == "slack"] == []
    with chat_server("slack") as chat:
        settings.HOLDFAST_HTTP_ALLOW = (chat.site.address,)
        chat.plan = ["gone"]
        page = alice.post("/portal/connections/chats/slack/", {"url": chat.url}, follow=True)
        assert "Connected, but the test was not taken." in words(page.content)
        assert "Switched off" in words(page.content)
    assert alice.get("/portal/connections/chats/telegraph/").status_code == 404


def test_one_receiver_that_is_down_keeps_no_other_waiting(
    alice: Client, world: World, office: Office, settings: Any
) -> None:
    with chat_server("slack") as down, chat_server("discord") as up:
        settings.HOLDFAST_HTTP_ALLOW = (down.site.address, up.site.address)
        alice.post("/portal/connections/chats/slack/", {"url": down.url})
        alice.post("/portal/connections/chats/discord/", {"url": up.url})
        down.plan = ["500"] * 40
        office.book("Ben Carter")
        assert (len(down.taken), len(up.taken)) == (
            1,
            2,
        )  # the tests, and the booking where it could be taken


def test_the_demos_chats_take_what_they_are_sent_and_are_labelled_simulated(
    alice: Client, world: World, office: Office, settings: Any
) -> None:
    chats = DemoChats()
    with served(chats):
        settings.HOLDFAST_HTTP_ALLOW = (chats.base_url.removeprefix("http://"),)
        settings.HOLDFAST_CHATS_SIMULATOR = chats.base_url
        for kind in KINDS:
            address = f"{chats.base_url}{PATHS[kind]}"
            page = alice.post(f"/portal/connections/chats/{kind}/", {"url": address}, follow=True)
            assert "Connected: the test is in the channel." in words(page.content)
            assert "Simulated" in words(page.content)
        office.book("Ben Carter")
        assert sorted(kind for kind, _ in chats.came) == sorted(KINDS * 2)
        assert words(alice.get("/portal/connections/").content).count("Simulated") == len(KINDS)
        assert f"{chats.base_url}/…" in words(alice.get("/portal/connections/").content)
        settings.HOLDFAST_CHATS_SIMULATOR = ""
        assert "Simulated" not in words(alice.get("/portal/connections/").content)
        assert "Ben Carter" in httpx.get(chats.base_url, trust_env=False).text
