"""Connections: a real Radicale is connected, chosen from, tested and disconnected; faults name their setting."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from audit.api import body_of_entry
from audit.models import Entry
from booking.api import get_host
from kernel.clock import now
from providers.api import CalendarConnection, calendar_connections, webhook_endpoints
from tests.database import World
from tests.portal.business.test_booking import words
from tests.simulators.dav_server import free_port
from tests.simulators.http import Site, http_site
from tests.simulators.radicale import Radicale, radicale

FORM = {"username": "ana", "password": "correct horse"}


@pytest.fixture(scope="module")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        server.make_calendar("work", name="Work")
        server.make_calendar("private", name="Private")
        yield server


@pytest.fixture
def server(radicale_server: Radicale, settings: Settings) -> Radicale:
    settings.HOLDFAST_HTTP_ALLOW = (radicale_server.address,)
    return radicale_server


def host_id(world: World, slug: str = "ana") -> int:
    with world.enter("acme"):
        return int(get_host(slug).pk)


def kept(world: World) -> list[CalendarConnection]:
    with world.enter("acme"):
        return calendar_connections()


def actions(world: World) -> list[str]:
    with world.enter("acme"):
        return list(Entry.objects.order_by("seq").values_list("action", flat=True))


def everything_signed(world: World) -> str:
    with world.enter("acme"):
        return str([body_of_entry(entry) for entry in Entry.objects.all()])


def connect(client: Client, world: World, server: Radicale, **change: str) -> int:
    """Connect Ana's account; return the connection's id."""
    form = FORM | {"url": server.url} | change
    answer = client.post(f"/portal/connections/calendars/of/{host_id(world)}/", form)
    assert answer.status_code == 303, words(answer.content)
    (found,) = re.findall(r"/calendars/(\d+)/", answer["Location"])
    return int(found)


def test_empty_page_says_what_holds_without_a_calendar(alice: Client) -> None:
    said = words(alice.get("/portal/connections/").content)
    assert "Nothing connected: slots follow the weekly hours" in said
    assert "owner@acme.example" in said  # who gets the team's notices


def test_owner_connects_chooses_tests_and_disconnects_all_signed(
    alice: Client, world: World, server: Radicale
) -> None:
    pk = connect(alice, world, server)
    page = f"/portal/connections/calendars/{pk}/"
    (connection,) = kept(world)
    private, work = sorted(connection.calendars.all(), key=lambda calendar: calendar.name)
    data = {"reads": [str(private.pk), str(work.pk)], "writes": str(work.pk)}
    assert alice.post(page, data).status_code == 303
    (connection,) = kept(world)
    assert [
        (each.name, each.reads_busy, each.is_destination)
        for each in sorted(connection.calendars.all(), key=lambda calendar: calendar.name)
    ] == [
        ("Private", True, False),
        ("Work", True, True),
    ]
    tested = words(alice.post(f"{page}test/", follow=True).content)
    assert "The connection works." in tested
    assert "no busy times in the next 14 days" in tested
    assert re.search(r"Read \d s ago", tested)
    assert "no longer written to Work" in words(alice.get(f"{page}disconnect/").content)
    assert alice.post(f"{page}disconnect/").status_code == 303
    assert kept(world) == []
    assert actions(world)[-3:] == ["connect_calendar", "choose_calendars", "disconnect_calendar"]
    signed = everything_signed(world)
    assert [secret for secret in ("correct horse", server.url) if secret in signed] == []


def test_a_calendar_that_can_be_none_is_not_chosen(alice: Client, world: World, server: Radicale) -> None:
    page = f"/portal/connections/calendars/{connect(alice, world, server)}/"
    (connection,) = kept(world)
    one, huge = connection.calendars.all()[0].pk, "9" * 5000
    assert alice.post(page, {"reads": [str(one), huge, "²"], "writes": huge}).status_code == 303
    (connection,) = kept(world)
    chosen = {each.pk: each.is_destination for each in connection.calendars.all() if each.reads_busy}
    assert chosen == {one: False}


def test_wrong_settings_are_named_at_their_field(alice: Client, world: World, server: Radicale) -> None:
    at = f"/portal/connections/calendars/of/{host_id(world)}/"
    here = server.url
    for change, fault in (
        ({"url": "caldav.invalid"}, "The name caldav.invalid could not be found"),
        ({"url": here, "password": "wrong"}, "refused the user name or the password"),
        ({"url": f"http://127.0.0.1:{free_port()}"}, "only sent over a secure connection"),
        ({"url": "https://127.0.0.1"}, "leads to a private address"),
        ({"url": f"{here}/nobody/nothing/"}, "answers, but not as a CalDAV server"),
        ({"url": here, "username": ""}, "Write the user name"),
    ):
        answer = alice.post(at, FORM | change)
        assert (answer.status_code, fault in words(answer.content)) == (422, True), (
            fault,
            words(answer.content),
        )
        assert "correct horse" not in answer.content.decode()
    assert kept(world) == []


def test_server_that_speaks_no_caldav_and_one_without_valid_certificate(
    alice: Client, world: World, settings: Settings
) -> None:
    at = f"/portal/connections/calendars/of/{host_id(world)}/"
    with http_site() as plain:
        address = plain.address
        settings.HOLDFAST_HTTP_ALLOW = (address,)
        answer = alice.post(at, FORM | {"url": plain.url("/")})
        assert "not as a CalDAV server" in words(answer.content)
        answer = alice.post(at, FORM | {"url": f"https://{address}/"})
        assert "The secure connection to 127.0.0.1 failed" in words(answer.content)


def test_calendar_that_cannot_be_read_says_since_when_and_what_it_costs(
    alice: Client, world: World, server: Radicale
) -> None:
    pk = connect(alice, world, server)
    good_at = now() - timedelta(days=2)
    with world.enter("acme"):
        CalendarConnection.objects.filter(pk=pk).update(status="unauthorised", last_good_at=good_at)
    said = words(alice.get("/portal/connections/").content)
    assert re.search(
        r"The sign-in is refused since \w+ \d+ \w+ \d\d:\d\d: clients see no slots of Ana Martins", said
    )


def test_change_renews_the_password_and_moves_to_another_account(
    alice: Client, world: World, server: Radicale
) -> None:
    pk = connect(alice, world, server)
    at = f"/portal/connections/calendars/{pk}/change/"
    assert alice.post(at, FORM | {"url": server.url, "password": "wrong"}).status_code == 422
    assert [each.pk for each in kept(world)] == [pk]
    alice.post(at, FORM | {"url": server.url})
    assert [each.pk for each in kept(world)] == [pk]
    other = server.with_account("ana-two")
    other.make_calendar("work")
    answer = alice.post(at, FORM | {"url": server.url, "username": "ana-two"})
    assert answer.status_code == 303
    assert [each.username for each in kept(world)] == ["ana-two"]
    assert actions(world)[-3:] == ["renew_calendar", "connect_calendar", "disconnect_calendar"]


def test_host_connects_the_own_calendar_and_nobody_else_s(
    ana: Client, bob: Client, stranger: Client, alice: Client, world: World, server: Radicale
) -> None:
    pk = connect(ana, world, server)
    assert "Webhooks" not in words(ana.get("/portal/connections/").content)
    assert "Ana Martins" not in words(bob.get("/portal/connections/").content)
    for path in ("", "test/", "change/", "disconnect/"):
        answer = bob.post(f"/portal/connections/calendars/{pk}/{path}", FORM | {"url": server.url})
        assert answer.status_code == 404, path
        assert stranger.post(f"/portal/connections/calendars/{pk}/{path}").status_code == 302
    assert bob.post(f"/portal/connections/calendars/of/{host_id(world)}/", FORM).status_code == 404
    assert alice.get("/portal/connections/calendars/999999/").status_code == 404
    assert len(kept(world)) == 1


def test_tests_are_bounded(alice: Client, world: World, server: Radicale) -> None:
    pk = connect(alice, world, server)
    for _ in range(9):
        assert "The connection works" in words(
            alice.post(f"/portal/connections/calendars/{pk}/test/", follow=True).content
        )
    said = words(alice.post(f"/portal/connections/calendars/{pk}/test/", follow=True).content)
    assert "More than 10 requests of this kind in a minute" in said


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Site]:
    with http_site() as answering:
        settings.HOLDFAST_HTTP_ALLOW = (answering.address,)
        yield answering


def test_webhook_shows_its_secret_once_and_tests_rotate_and_remove(
    alice: Client, world: World, receiver: Site
) -> None:
    added = alice.post("/portal/connections/webhooks/", {"url": receiver.url("/hook"), "events": []})
    page = added["Location"]
    secret = re.findall(r"whsec_[\w+/=]+", alice.get(page).content.decode())
    assert len(secret) == 1
    assert "whsec_" not in alice.get(page).content.decode()
    said = words(alice.post(f"{page}test/", follow=True).content)
    assert "The test was received; the answer was 200" in said
    assert "holdfast.test" in said
    alice.post(f"{page}secret/")
    second = re.findall(r"whsec_[\w+/=]+", alice.get(page).content.decode())
    assert len(second) == 1
    assert second != secret
    assert alice.post(f"{page}remove/").status_code == 303
    with world.enter("acme"):
        assert webhook_endpoints() == []
    assert actions(world)[-3:] == ["add_webhook", "rotate_webhook_secret", "remove_webhook"]
    assert [each for each in (*secret, "/hook") if each in everything_signed(world)] == []


def test_webhook_that_refuses_says_so_and_private_addresses_are_refused(
    alice: Client, world: World, receiver: Site, settings: Settings
) -> None:
    page = alice.post("/portal/connections/webhooks/", {"url": receiver.url("/hook")})["Location"]
    settings.HOLDFAST_HTTP_ALLOW = ()
    assert "address cannot be used" in words(alice.post(f"{page}test/", follow=True).content)
    wrong = alice.post("/portal/connections/webhooks/", {"url": "ftp://example.com"})
    assert (wrong.status_code, "starts with https://" in words(wrong.content)) == (422, True)


def test_webhooks_are_for_owners_and_admins(ana: Client, alice: Client, receiver: Site) -> None:
    page = alice.post("/portal/connections/webhooks/", {"url": receiver.url("/hook")})["Location"]
    for path in ("", "test/", "secret/", "on/", "remove/"):
        assert ana.post(f"{page}{path}").status_code in (403, 405), path
    assert alice.get("/portal/connections/webhooks/9999/").status_code == 404
