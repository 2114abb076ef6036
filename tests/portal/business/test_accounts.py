"""Connecting a Google account by clicking: consent, the platform's one return address, the hand-over, the page; and
everything that must not work: another session, another tenant, a second time, too late, an altered hand-over."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.api import body_of_entry
from audit.models import Entry
from booking.api import get_host
from providers.models import CalendarConnection, OAuthAccount, OAuthApp
from tests.database import World
from tests.portal.business.test_booking import words
from tests.providers.conftest import google as google
from tests.simulators.google import GoogleSimulator
from tests.simulators.google.schema import error

ANA = "ana@gmail.example"
Clients = Callable[[str], Client]


def host_id(world: World) -> int:
    with world.enter("acme"):
        return int(get_host("ana").pk)


def actions(world: World) -> list[str]:
    with world.enter("acme"):
        return list(Entry.objects.order_by("seq").values_list("action", flat=True))


def leave(client: Client, world: World) -> str:
    """Press the button; return the consent page's address."""
    answer = client.post(f"/portal/connections/accounts/google/of/{host_id(world)}/")
    assert answer.status_code == 303, words(answer.content)
    return str(answer["Location"])


def consent(url: str, account: str = ANA) -> str:
    """Allow (or "" cancel) on the consent page, as a browser would; return where it sends the browser."""
    page = httpx.get(url, trust_env=False)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text.replace("&amp;", "&")))
    decide = f"{url.split('/o/')[0]}/o/oauth2/v2/decide"
    return httpx.post(decide, data={**fields, "account": account}, trust_env=False).headers["Location"]


def come_back(url: str, client_for: Clients) -> str:
    """Follow the vendor's redirect to the platform's host; return the hand-over's address there."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == "http://localhost:8000"
    answer = client_for("localhost").get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302, words(answer.content)
    return str(answer["Location"])


def arrive(client: Client, url: str) -> str:
    """Open the hand-over's address; return the words of the page that it leads to."""
    parts = urlsplit(url)
    assert parts.netloc == "acme.localhost:8000"
    answer = client.get(f"{parts.path}?{parts.query}", follow=True)
    return words(answer.content)


def connect(client: Client, world: World, client_for: Clients) -> str:
    return arrive(client, come_back(consent(leave(client, world)), client_for))


def test_owner_connects_chooses_tests_and_disconnects(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    google.make_calendar(ANA, "family@group.calendar.google.com", name="Family")
    before = words(alice.get(f"/portal/connections/accounts/google/of/{host_id(world)}/").content)
    assert "To see the list of your calendars." in before
    said = connect(alice, world, client_for)
    assert "Connected. Choose now which calendars of Ana" in said
    assert "Family" in said
    assert f"{ANA} at Google Calendar Simulated" in said
    with world.enter("acme"):
        kept = CalendarConnection.objects.get()
    page = words(alice.get("/portal/connections/").content)
    assert "Connected. It is read when a client next looks at the page." in page
    answer = alice.post(f"/portal/connections/calendars/{kept.pk}/test/", follow=True)
    assert "Google takes the account’s token, and shows 2 calendars." in words(answer.content)
    left = alice.post(f"/portal/connections/calendars/{kept.pk}/disconnect/", follow=True)
    assert "Disconnected." in words(left.content)
    assert "not told" not in words(left.content)
    assert google.asked("POST /revoke") == 1
    assert not any(grant.is_alive for grant in google.consent.grants)
    assert [each for each in actions(world) if "calendar" in each] == [
        "connect_calendar",
        "disconnect_calendar",
    ]
    with world.enter("acme"):
        assert (CalendarConnection.objects.count(), OAuthAccount.objects.count()) == (0, 0)
        bodies = [body_of_entry(entry) for entry in Entry.objects.filter(action="disconnect_calendar")]
    assert bodies[0]["payload"]["grant"] == "revoked"


def test_the_way_there_carries_pkce_a_state_and_the_least_scopes(
    alice: Client, world: World, google: GoogleSimulator
) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(leave(alice, world)).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert query["redirect_uri"] == "http://localhost:8000/oauth/return/"
    assert [scope.rsplit("/", 1)[1] for scope in query["scope"].split()] == [
        "calendar.events",
        "calendar.calendarlist.readonly",
    ]
    assert "verifier" not in str(query)


def test_the_browser_may_send_this_form_to_google_and_others_may_not(
    alice: Client, world: World, google: GoogleSimulator
) -> None:
    policy = alice.get(f"/portal/connections/accounts/google/of/{host_id(world)}/")["Content-Security-Policy"]
    assert f"form-action 'self' {google.base_url};" in policy
    assert "form-action 'self';" in alice.get("/portal/connections/")["Content-Security-Policy"]


def test_cancelling_there_connects_nothing_and_says_so(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    said = arrive(alice, come_back(consent(leave(alice, world), account=""), client_for))
    assert "Google says that access was not allowed there." in said
    assert google.asked("POST /token") == 0


def test_a_hand_over_works_once_and_in_its_own_session_only(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    url = come_back(consent(leave(alice, world)), client_for)
    other = client_for("acme.localhost")
    with world.enter("acme"):
        other.force_login(
            User.objects.get(email="ana@acme.example"),
            "allauth.account.auth_backends.AuthenticationBackend",
        )
    assert "was not asked for from here" in arrive(other, url)
    assert "Connected." in arrive(alice, url)
    assert "was not asked for from here" in arrive(alice, url)
    assert google.asked("POST /token") == 1


def test_a_hand_over_is_worth_nothing_at_another_business(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    parts = urlsplit(come_back(consent(leave(alice, world)), client_for))
    there = client_for("northwind.localhost")
    with world.enter("northwind"):
        there.force_login(
            User.objects.order_by("pk")[0], "allauth.account.auth_backends.AuthenticationBackend"
        )
    answer = there.get(f"{parts.path}?{parts.query}", follow=True)
    assert "does not belong to a connection that was begun here" in words(answer.content)
    assert google.asked("POST /token") == 0


@pytest.mark.parametrize("change", ["altered", "none", "late"])
def test_a_state_that_is_not_ours_is_not_passed_on(
    change: str,
    alice: Client,
    world: World,
    google: GoogleSimulator,
    client_for: Clients,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = consent(leave(alice, world))
    if change == "altered":
        url = url.replace("state=", "state=x")
    elif change == "none":
        url = url.replace("state=", "estate=")
    else:
        monkeypatch.setattr("providers.oauth.flow.STATE_SECONDS", -1)
    answer = client_for("localhost").get(url.removeprefix("http://localhost:8000"))
    assert (answer.status_code, "Nothing was connected" in words(answer.content)) == (403, True)


def test_a_state_of_a_host_that_is_the_tenants_no_more_is_not_passed_on(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    from tenants.api import Domain

    url = consent(leave(alice, world))
    Domain.objects.filter(domain="acme.localhost").update(domain="acme.example")
    answer = client_for("localhost").get(url.removeprefix("http://localhost:8000"))
    assert answer.status_code == 403


def test_a_host_connects_their_own_and_nobody_elses(
    world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    client = client_for("acme.localhost")
    with world.enter("acme"):
        ana = User.objects.get(email="ana@acme.example")
        client.force_login(ana, "allauth.account.auth_backends.AuthenticationBackend")
    assert "Connected." in connect(client, world, client_for)
    assert client.get("/portal/connections/accounts/google/of/999999/").status_code == 404
    assert client.get(f"/portal/connections/accounts/nowhere/of/{host_id(world)}/").status_code == 404


def test_what_was_not_all_allowed_is_given_back(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    url = leave(alice, world)
    page = consent(
        url.replace("+https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar.calendarlist.readonly", "")
    )
    assert "leave every box ticked" in arrive(alice, come_back(page, client_for))
    assert (google.asked("POST /revoke"), any(each.is_alive for each in google.consent.grants)) == (1, False)
    with world.enter("acme"):
        assert OAuthAccount.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"HOLDFAST_GOOGLE_CLIENT_SECRET": "wrong"}, "Google does not take this client secret"),
        ({"HOLDFAST_GOOGLE_CLIENT_ID": "wrong"}, "Google does not know this client id"),
    ],
)
def test_testing_names_the_wrong_setting(
    change: dict[str, str], said: str, alice: Client, google: GoogleSimulator, settings: Settings
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    answer = alice.post("/portal/connections/clients/google/test/", follow=True)
    assert said in words(answer.content)


def test_testing_a_connection_names_an_interface_that_is_off(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    connect(alice, world, client_for)
    google.fail("calendarList", reply=error(403, "accessNotConfigured", "…").reply)
    with world.enter("acme"):
        kept = CalendarConnection.objects.get()
    answer = alice.post(f"/portal/connections/calendars/{kept.pk}/test/", follow=True)
    assert "enable the Google Calendar API there" in words(answer.content)


def test_a_business_brings_its_own_client_which_is_tried_before_it_is_kept(
    alice: Client, world: World, google: GoogleSimulator, client_for: Clients
) -> None:
    google.consent.clients["acme-client"] = "acme secret words"
    page = "/portal/connections/clients/google/"
    refused = alice.post(page, {"client_id": "acme-client", "secret": "not it"})
    assert (refused.status_code, "does not take this client secret" in words(refused.content)) == (422, True)
    with world.enter("acme"):
        assert OAuthApp.objects.count() == 0
    alice.post(page, {"client_id": " acme-client ", "secret": "acme secret words"})
    shown = alice.get(page).content.decode()
    assert "Your own client id is used" in words(shown.encode())
    assert "acme secret words" not in shown
    assert "client_id=acme-client" in leave(alice, world)
    assert "Connected." in connect(alice, world, client_for)
    alice.post("/portal/connections/clients/google/remove/")
    assert actions(world)[-2:] == ["connect_calendar", "remove_oauth_client"]
    assert "set_oauth_client" in actions(world)


def test_without_a_client_nobody_is_sent_anywhere(
    alice: Client, world: World, google: GoogleSimulator, settings: Settings
) -> None:
    settings.HOLDFAST_GOOGLE_CLIENT_ID = ""
    page = alice.get(f"/portal/connections/accounts/google/of/{host_id(world)}/")
    assert "Google cannot be asked yet" in words(page.content)
    assert alice.post(f"/portal/connections/accounts/google/of/{host_id(world)}/").status_code == 200
