"""Connecting a Microsoft account by clicking, ending it, and a client of one's own; what differs from Google."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from pytest_django import Settings

from audit.api import body_of_entry
from audit.models import Entry
from providers.models import CalendarConnection, OAuthAccount, OAuthApp
from tests.database import World
from tests.portal.business.test_accounts import Clients, actions, arrive, come_back, host_id
from tests.portal.business.test_booking import words
from tests.providers.conftest import microsoft as microsoft
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.schema import error
from tests.simulators.vendor import Reply

ANA = "ana@acme.example"
CLIENT = "/portal/connections/clients/microsoft/"


def leave(client: Client, world: World) -> str:
    """Press the button; return the consent page's address."""
    answer = client.post(f"/portal/connections/accounts/microsoft/of/{host_id(world)}/")
    assert answer.status_code == 303, words(answer.content)
    return str(answer["Location"])


def consent(url: str, account: str = ANA) -> str:
    """Allow (or "" cancel) on the consent page, as a browser would; return where it sends the browser."""
    page = httpx.get(url, trust_env=False)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text.replace("&amp;", "&")))
    decide = f"{url.partition('/authorize')[0]}/decide"
    return httpx.post(decide, data={**fields, "account": account}, trust_env=False).headers["Location"]


def connect(client: Client, world: World, client_for: Clients) -> str:
    return arrive(client, come_back(consent(leave(client, world)), client_for))


def test_owner_connects_chooses_tests_and_disconnects(
    alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    microsoft.make_calendar(ANA, name="Family")
    theirs = microsoft.make_calendar(ANA, name="The boss's")
    theirs.owner = "boss@acme.example"
    before = words(alice.get(f"/portal/connections/accounts/microsoft/of/{host_id(world)}/").content)
    assert "To read, write and delete events in your calendars." in before
    assert "has no way for us to give it back" in before
    said = connect(alice, world, client_for)
    assert "Connected. Choose now which calendars of Ana" in said
    assert ("Family" in said, "The boss" in said) == (True, False)
    assert f"{ANA} at Outlook calendar Simulated" in said
    with world.enter("acme"):
        kept = CalendarConnection.objects.get()
    answer = alice.post(f"/portal/connections/calendars/{kept.pk}/test/", follow=True)
    assert "Microsoft takes the account’s token, and shows 2 calendars." in words(answer.content)
    asked = words(alice.get(f"/portal/connections/calendars/{kept.pk}/disconnect/").content)
    assert "End it there as well: with an account of an organisation at https://myapps.microsoft.com" in asked
    left = words(alice.post(f"/portal/connections/calendars/{kept.pk}/disconnect/", follow=True).content)
    assert "Remove Holdfast there as well: https://myapps.microsoft.com" in left
    assert [each for each in actions(world) if "calendar" in each] == [
        "connect_calendar",
        "disconnect_calendar",
    ]
    with world.enter("acme"):
        assert (CalendarConnection.objects.count(), OAuthAccount.objects.count()) == (0, 0)
        bodies = [body_of_entry(entry) for entry in Entry.objects.filter(action="disconnect_calendar")]
    assert bodies[0]["payload"]["grant"] == "not revoked"


def test_the_way_there_carries_pkce_a_state_and_the_least_scopes(
    alice: Client, world: World, microsoft: MicrosoftSimulator, settings: Settings
) -> None:
    settings.HOLDFAST_MICROSOFT_DIRECTORY = "directory-of-acme"
    parts = urlsplit(leave(alice, world))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/directory-of-acme/oauth2/v2.0/authorize"
    assert (query["code_challenge_method"], len(query["code_challenge"])) == ("S256", 43)
    assert query["scope"] == "offline_access https://graph.microsoft.com/Calendars.ReadWrite"
    assert query["redirect_uri"] == "http://localhost:8000/oauth/return/"
    assert "verifier" not in str(query)


def test_the_browser_may_send_this_form_to_microsoft(
    alice: Client, world: World, microsoft: MicrosoftSimulator
) -> None:
    page = alice.get(f"/portal/connections/accounts/microsoft/of/{host_id(world)}/")
    assert f"form-action 'self' {microsoft.base_url};" in page["Content-Security-Policy"]


def test_cancelling_there_connects_nothing_and_says_so(
    alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    said = arrive(alice, come_back(consent(leave(alice, world), account=""), client_for))
    assert "Microsoft says that access was not allowed there." in said
    assert microsoft.asked("/token") == 0


@pytest.mark.parametrize(
    ("dropped", "said"),
    [
        ("offline_access+", "Microsoft gave no lasting access"),
        ("+https%3A%2F%2Fgraph.microsoft.com%2FCalendars.ReadWrite", "leave every box ticked"),
    ],
)
def test_what_was_not_all_allowed_is_not_kept(
    dropped: str, said: str, alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    url = leave(alice, world)
    assert dropped in url
    assert said in arrive(alice, come_back(consent(url.replace(dropped, "")), client_for))
    with world.enter("acme"):
        assert OAuthAccount.objects.count() == 0


def test_an_account_without_a_mailbox_is_told_so(
    alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    microsoft.fail("GET /v1.0/me/calendars", reply=error(404, "MailboxNotEnabledForRESTAPI", "…").reply)
    assert "This Microsoft account has no mailbox at Microsoft" in connect(alice, world, client_for)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"HOLDFAST_MICROSOFT_CLIENT_SECRET": "wrong"}, "Microsoft does not take this client secret"),
        ({"HOLDFAST_MICROSOFT_CLIENT_ID": "wrong"}, "Microsoft does not know this client id"),
        ({"HOLDFAST_MICROSOFT_DIRECTORY": "nowhere"}, "Microsoft does not know this directory"),
        ({}, "Microsoft takes this client id and secret"),
    ],
)
def test_testing_names_the_wrong_setting(
    change: dict[str, str], said: str, alice: Client, microsoft: MicrosoftSimulator, settings: Settings
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    answer = alice.post(f"{CLIENT}test/", follow=True)
    assert said in words(answer.content)


def test_a_secret_that_is_looked_at_after_the_code_is_named_all_the_same(
    alice: Client, microsoft: MicrosoftSimulator, settings: Settings
) -> None:
    settings.HOLDFAST_MICROSOFT_CLIENT_SECRET = "wrong"
    malformed = {
        "error": "invalid_request",
        "error_description": "AADSTS9002313: …",
        "error_codes": [9002313],
    }
    microsoft.fail("/token", reply=Reply(status=400, json=malformed))
    said = words(alice.post(f"{CLIENT}test/", follow=True).content)
    assert "Microsoft does not take this client secret" in said
    assert microsoft.asked("/token") == 2


def test_a_secret_past_its_date_and_a_return_address_are_named(
    alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    microsoft.sign_in.ended_secrets.add("simulated-secret")
    said = words(alice.post(f"{CLIENT}test/", follow=True).content)
    assert "it is wrong, or has expired" in said
    microsoft.sign_in.ended_secrets.clear()
    microsoft.consent.redirect_uris = {"https://elsewhere.example/"}
    said = words(alice.post(f"{CLIENT}test/", follow=True).content)
    assert "Microsoft does not allow our return address" in said
    microsoft.consent.redirect_uris = None
    microsoft.sign_in.consented = False
    assert "The app was not consented to at Microsoft" in connect(alice, world, client_for)


def test_a_business_brings_its_own_client_and_directory_which_are_tried_before_they_are_kept(
    alice: Client, world: World, microsoft: MicrosoftSimulator, client_for: Clients
) -> None:
    microsoft.consent.clients["acme-client"] = "acme secret words"
    typed = {"client_id": " acme-client ", "secret": "acme secret words", "directory": "directory-of-acme"}
    for wrong, said in (
        ({"secret": "not it"}, "does not take this client secret"),
        ({"directory": "nowhere"}, "does not know this directory"),
        ({"directory": ""}, "Write “common”, or the directory (tenant) id."),
        ({"directory": "../common"}, "Letters, digits, dots and hyphens only."),
    ):
        refused = alice.post(CLIENT, typed | wrong)
        assert (refused.status_code, said in words(refused.content)) == (422, True), said
    with world.enter("acme"):
        assert OAuthApp.objects.count() == 0
    alice.post(CLIENT, typed)
    shown = alice.get(CLIENT).content.decode()
    assert "Your own client id is used" in words(shown.encode())
    assert "acme secret words" not in shown
    url = leave(alice, world)
    assert ("client_id=acme-client" in url, "/directory-of-acme/" in url) == (True, True)
    assert "Connected." in connect(alice, world, client_for)
    with world.enter("acme"):
        assert OAuthAccount.objects.get().directory == "directory-of-acme"
    alice.post(f"{CLIENT}remove/")
    assert actions(world)[-2:] == ["connect_calendar", "remove_oauth_client"]


def test_without_a_client_nobody_is_sent_anywhere(
    alice: Client, world: World, microsoft: MicrosoftSimulator, settings: Settings
) -> None:
    settings.HOLDFAST_MICROSOFT_CLIENT_ID = ""
    address = f"/portal/connections/accounts/microsoft/of/{host_id(world)}/"
    assert "Microsoft cannot be asked yet" in words(alice.get(address).content)
    assert alice.post(address).status_code == 200
