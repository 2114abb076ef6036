"""People in the portal: who is listed, who may change whom, and that nobody locks the business out of itself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api import ApiKey, Invitation, User, create_api_key, find_api_key
from audit.api import body_of_entry, entries
from booking.api import Booking, Host
from kernel.clock import now as clock_now
from tests.database import PASSWORD, World
from tests.portal.business.conftest import Office, signed_in

HERE = "/portal/people/"


def key_of(world: World, email: str) -> str:
    with world.enter("acme"):
        return f"u{User.objects.get(email=email).pk}"


def member(world: World, email: str, role: str) -> Client:
    with world.enter("acme"):
        user = User.objects.create_user(email, name=email.split("@")[0].title(), role=role, password=PASSWORD)
        return signed_in("acme.localhost", user)


def ledger(world: World, subject: str) -> list[str]:
    with world.enter("acme"):
        return [body_of_entry(entry)["action"] for entry in entries(subject=subject)]


def test_everybody_is_listed_with_role_state_and_times(alice: Client, bob: Client, world: World) -> None:
    page = alice.get(f"{HERE}?next=1").content.decode()
    for name in ("Ana Martins", "Bob Brandt", "Alice Acme"):
        assert f"<bdi>{name}</bdi>" in page
    assert page.count("Free ") == 1, "Bob has no hours, Alice takes no bookings"
    assert "3 meeting types" in page
    assert "In no meeting type yet" in page
    assert "Takes no bookings" in page


def test_who_is_next_free_is_a_fragment_of_its_own(alice: Client) -> None:
    fragment = alice.get(f"{HERE}?next=1", headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<section id="people"')
    assert "Free " not in alice.get(HERE).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(alice: Client, world: World, rows: int) -> None:
    with world.enter("acme"):
        for number in range(rows - 1):
            User.objects.create_user(f"a{number}@acme.example", name=f"A {number}", role="admin")
    alice.get(f"{HERE}?next=1")  # the host is known to this process from now on
    for query, cost in (("", 7), ("?next=1", 7)):
        with CaptureQueriesContext(connection) as asked:
            page = alice.get(HERE + query).content.decode()
        assert page.count('class="member"') == rows + 1
        assert len(asked) == cost


def test_only_owners_and_admins_come_here(ana: Client, stranger: Client, world: World) -> None:
    key = key_of(world, "owner@acme.example")
    anonymous = Client(headers={"host": "acme.localhost"})
    gets = ["", "invite/", f"{key}/", f"{key}/deactivate/"]
    posts = [
        "invite/", f"{key}/", f"{key}/role/", f"{key}/bookable/", f"{key}/deactivate/", f"{key}/reactivate/",
        "invitations/1/resend/", "invitations/1/withdraw/",
    ]  # fmt: skip
    for method, paths in (("get", gets), ("post", posts)):
        for path in paths:
            assert getattr(ana, method)(HERE + path).status_code == 403, path
            for nobody in (stranger, anonymous):
                answer = getattr(nobody, method)(HERE + path)
                assert answer.status_code == 302, path
                assert answer["Location"].startswith("/accounts/login/"), path


def test_role_is_changed_and_signed(alice: Client, ana: Client, world: World) -> None:
    key = key_of(world, "ana@acme.example")
    assert alice.post(f"{HERE}{key}/role/", {"role": "admin"}).status_code == 303
    assert ana.get(HERE).status_code == 200
    assert ledger(world, f"user:{key[1:]}") == ["change_role"]


def test_the_last_owner_stays(alice: Client, world: World) -> None:
    key = key_of(world, "owner@acme.example")
    refused = alice.post(f"{HERE}{key}/role/", {"role": "admin"})
    assert (refused.status_code, "This is the only owner." in refused.content.decode()) == (409, True)
    member(world, "second@acme.example", "owner")
    assert alice.post(f"{HERE}{key}/role/", {"role": "admin"}).status_code == 303
    second = key_of(world, "second@acme.example")
    with world.enter("acme"):
        boss = signed_in("acme.localhost", User.objects.get(email="second@acme.example"))
    assert boss.post(f"{HERE}{second}/role/", {"role": "host"}).status_code == 409
    with world.enter("acme"):
        assert User.objects.get(email="second@acme.example").role == "owner"


def test_an_admin_touches_no_owner_and_makes_none(world: World) -> None:
    admin = member(world, "adam@acme.example", "admin")
    owner, ana = key_of(world, "owner@acme.example"), key_of(world, "ana@acme.example")
    for act in ("role/", "deactivate/", "reactivate/", "bookable/"):
        assert admin.post(f"{HERE}{owner}/{act}", {"role": "host"}).status_code == 404
    assert admin.post(f"{HERE}{ana}/role/", {"role": "owner"}).status_code == 422
    invited = {"name": "Eve", "email": "eve@example.org", "role": "owner"}
    assert admin.post(f"{HERE}invite/", invited).status_code == 422
    with world.enter("acme"):
        assert list(User.objects.order_by("pk").values_list("role", flat=True)) == ["owner", "host", "admin"]
        assert Invitation.objects.count() == 0


def test_who_becomes_a_host_gets_one_with_the_usual_hours(alice: Client, world: World) -> None:
    member(world, "adam@acme.example", "admin")
    key = key_of(world, "adam@acme.example")
    alice.post(f"{HERE}{key}/role/", {"role": "host"})
    with world.enter("acme"):
        host = Host.objects.get(user_id=int(key[1:]))
        assert User.objects.get(pk=int(key[1:])).host_id == host.pk
        hours = host.schedules.get().weekly_hours.values_list("weekday", "start_minute", "end_minute")
        assert sorted(hours) == [(day, 540, 1020) for day in range(5)]
        assert host.time_zone == "Europe/Lisbon"


def test_deactivating_ends_sessions_and_keys_and_keeps_bookings(
    alice: Client, ana: Client, world: World, office: Office
) -> None:
    booking = office.book()
    key = key_of(world, "ana@acme.example")
    with world.enter("acme"):
        user = User.objects.get(email="ana@acme.example")
        secret = create_api_key("Ana's", scopes=["bookings:read"], created_by=user, now=clock_now()).secret
    page = alice.get(f"{HERE}{key}/deactivate/").content.decode()
    assert "<strong>1 coming meeting stands</strong>" in page
    assert "<bdi>Site visit</bdi>" in page
    assert alice.post(f"{HERE}{key}/deactivate/").status_code == 303
    assert ana.get("/portal/bookings/").status_code == 302
    guest = Client(headers={"host": "acme.localhost"})
    assert 'name="start"' not in guest.get("/book/intro-call/").content.decode()
    assert alice.post(f"{HERE}{key}/reactivate/").status_code == 303
    with world.enter("acme"):
        assert find_api_key(secret) is None
        assert ApiKey.objects.get(name="Ana's").revoked_at is not None
        assert Booking.objects.get(pk=booking.pk).status == "confirmed"
    assert ana.get("/portal/bookings/").status_code == 302, "an old session does not come back to life"
    assert 'name="start"' in guest.get("/book/intro-call/").content.decode()
    assert ledger(world, f"user:{key[1:]}") == ["deactivate_user", "reactivate_user"]


def test_nobody_deactivates_themselves(alice: Client, world: World) -> None:
    key = key_of(world, "owner@acme.example")
    assert alice.get(f"{HERE}{key}/deactivate/").status_code == 200
    refused = alice.post(f"{HERE}{key}/deactivate/")
    assert (refused.status_code, "You cannot close your own account" in refused.content.decode()) == (
        409,
        True,
    )


def profile(**changed: str) -> dict[str, str]:
    return {
        "name": "Ana M. Martins", "slug": "ana-martins", "email": "ana@acme.example", "role": "Partner",
        "time_zone": "America/New_York",
    } | changed  # fmt: skip


def test_profile_is_changed_for_clients_and_hours_follow_the_zone(alice: Client, world: World) -> None:
    key = key_of(world, "ana@acme.example")
    assert alice.post(f"{HERE}{key}/", profile()).status_code == 303
    guest = Client(headers={"host": "acme.localhost"})
    assert "Ana M. Martins" in guest.get("/with/ana-martins/").content.decode()
    with world.enter("acme"):
        host = Host.objects.get(slug="ana-martins")
        assert (host.resource.name, host.role) == ("Ana M. Martins", "Partner")
        assert host.schedules.get().time_zone == "America/New_York"
        entry = entries(subject=f"host:{host.pk}")[-1]
        assert "Ana" not in bytes(entry.body).decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": " "}, "Write the name that clients read."),
        ({"slug": "Ana!"}, "Use small letters, digits and hyphens"),
        ({"slug": "bob"}, "Somebody else has this address."),
        ({"email": "nobody"}, "address"),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone from the list."),
    ],
)
def test_a_wrong_profile_is_said_on_its_field(
    alice: Client, bob: Client, world: World, changed: dict[str, str], words: str
) -> None:
    answer = alice.post(f"{HERE}{key_of(world, 'ana@acme.example')}/", profile(**changed))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert "Partner" in answer.content.decode()
    with world.enter("acme"):
        assert Host.objects.filter(slug="ana", name="Ana Martins").count() == 1


def test_who_is_not_there_is_a_404_in_words(alice: Client) -> None:
    for path in ("u999/", "h999/", "nobody/", "u999/deactivate/"):
        answer = alice.get(HERE + path)
        assert (answer.status_code, "No such person" in answer.content.decode()) == (404, True)


def test_an_account_can_be_opened_to_bookings(
    alice: Client, world: World, client_for: Callable[[str], Any]
) -> None:
    key = key_of(world, "owner@acme.example")
    assert alice.post(f"{HERE}{key}/bookable/").status_code == 303
    assert alice.post(f"{HERE}{key}/bookable/").status_code == 404
    assert "Alice Acme" in client_for("acme.localhost").get("/with/alice-acme/").content.decode()
