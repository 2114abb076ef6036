"""Book for a client: what is offered to whom, what a POST makes, and that nothing typed is lost."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.api import entries
from booking.api import Booking, EventType, Slot
from tenants.api import Tenant
from tests.database import World
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words

PAGE = "/portal/bookings/new/"


def typed(slot: Slot, **more: str) -> dict[str, str]:
    return {
        "act": "book", "event_type": "site-visit", "start": slot.start.isoformat(), "key": "k1",
        "time_zone": "Asia/Tokyo", "name": "Ben Carter", "email": "ben@example.org",
        "guests": "ada@example.org", "notes": "Bring the plan.", **more,
    }  # fmt: skip


def offered(page: bytes) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', page.decode())


def test_page_offers_what_the_client_pages_offer(alice: Client, office: Office) -> None:
    page = alice.get(f"{PAGE}?event_type=site-visit").content
    first = min(datetime.fromisoformat(start) for start in offered(page))
    shown = [datetime.fromisoformat(start) for start in offered(page)]
    week = alice.get(
        f"/api/v1/slots?event_type=site-visit&start={first:%Y-%m-%d}&end={first:%Y-%m-%d}&time_zone=Europe/Lisbon"
    ).json()
    of_day = [datetime.fromisoformat(slot["start"]) for slot in week["slots"][f"{first:%Y-%m-%d}"]]
    assert [start for start in shown if start.date() == first.date()] == of_day
    assert "Site visit, 90 min" in words(page)


def test_booking_is_made_in_the_users_name(alice: Client, office: Office, world: World) -> None:
    slot = office.open_slots()[0]
    answer = alice.post(PAGE, typed(slot))
    with world.enter("acme"):
        booking = Booking.objects.select_related("meeting").get()
        [held] = [entry for entry in entries(subject=f"meeting:{booking.meeting.uid}") if entry.seq][:1]
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/bookings/{booking.uid}/")
    assert (booking.attendee_name, booking.source, booking.time_zone, booking.guests, booking.answers) == (
        "Ben Carter",
        "portal",
        "Asia/Tokyo",
        ["ada@example.org"],
        {"notes": "Bring the plan."},
    )
    assert booking.meeting.starts_at == slot.start
    assert b'"type":"user"' in bytes(held.body)
    office.perform()
    said = words(alice.get(answer["Location"]).content)
    assert "Ben Carter Confirmed" in said
    assert "in the portal" in said


def two_addresses(world: World, *others: str) -> None:
    """Let the site visit take place at other addresses as well."""
    with world.enter("acme"):
        more = [{"kind": "in_person", "detail": detail} for detail in others]
        EventType.objects.filter(slug="site-visit").update(more_locations=more)


def where(page: bytes) -> list[tuple[str, bool, str]]:
    """The places to choose from: key, whether it is chosen, and words."""
    select = page.decode().partition('name="location">')[2].partition("</select>")[0]
    options = re.findall(r'<option value="([^"]+)"( selected)?>([^<]+)', select)
    return [(key, bool(selected), said) for key, selected, said in options]


def test_the_place_is_chosen_where_there_are_several_and_stays_chosen(
    alice: Client, office: Office, world: World
) -> None:
    slot = office.open_slots()[0]
    assert where(alice.get(f"{PAGE}?event_type=site-visit").content) == []
    two_addresses(world, "Rua do Almada 5")
    first, second = "In person, Rua do Alecrim 26, Lisboa", "In person, Rua do Almada 5"
    assert where(alice.get(f"{PAGE}?event_type=site-visit").content) == [
        ("in_person", True, first), ("in_person-2", False, second),
    ]  # fmt: skip
    answer = alice.post(PAGE, typed(slot, location="in_person-2", name=""))
    assert where(answer.content) == [("in_person", False, first), ("in_person-2", True, second)]
    made = alice.post(PAGE, typed(slot, location="in_person-2"))
    assert made.status_code == 303
    with world.enter("acme"):
        assert Booking.objects.get().meeting.location_detail == "Rua do Almada 5"
    again = alice.get(f"{PAGE}?like={made['Location'].split('/')[-2]}").content
    assert where(again) == [("in_person", False, first), ("in_person-2", True, second)]


def test_a_place_that_is_not_on_offer_any_more_books_nothing(
    alice: Client, office: Office, world: World
) -> None:
    two_addresses(world, "Rua do Almada 5")
    answer = alice.post(PAGE, typed(office.open_slots()[0], location="in_person-3"))
    assert (answer.status_code, "This place is not on offer any more." in words(answer.content)) == (
        422,
        True,
    )
    assert 'value="Ben Carter"' in answer.content.decode()
    with world.enter("acme"):
        assert not Booking.objects.exists()
    two_addresses(world)
    assert alice.post(PAGE, typed(office.open_slots()[0], location="in_person-3")).status_code == 303


def test_second_click_finds_the_booking_of_the_first(alice: Client, office: Office, world: World) -> None:
    slot = office.open_slots()[0]
    first, second = alice.post(PAGE, typed(slot)), alice.post(PAGE, typed(slot))
    assert (first["Location"], second.status_code) == (second["Location"], 303)
    with world.enter("acme"):
        assert Booking.objects.count() == 1


def test_lost_race_keeps_what_was_typed_and_names_the_nearest_times(alice: Client, office: Office) -> None:
    slot = office.open_slots()[0]
    office.book("Carla Dias", start=slot.start)
    answer = alice.post(PAGE, typed(slot))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was booked" in words(answer.content)
    assert "Nearest open times" in words(answer.content)
    assert 'value="Ben Carter"' in page
    assert 'value="ben@example.org"' in page
    assert "Bring the plan.</textarea>" in page
    assert '<option value="Asia/Tokyo" selected>' in page
    near = re.search(r'name="start" value="([^"]+)" checked', page)
    assert near
    again = alice.post(PAGE, typed(slot, start=near.group(1), key="k2"))
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"name": " "}, 422, "Write the client’s name."),
        ({"email": "nobody"}, 422, "This is not an e-mail address."),
        ({"guests": "nobody"}, 422, "“nobody” is not an e-mail address."),
        ({"start": ""}, 422, "Choose a time below; what you typed is kept."),
        ({"start": "2026-13-01"}, 422, "Choose a time below; what you typed is kept."),
        ({"start": "2199-01-05T10:00:00+00:00"}, 409, "Nothing was booked"),
        ({"start": "2001-01-05T10:00:00+00:00"}, 409, "Nothing was booked"),
    ],
)
def test_what_cannot_be_booked_is_said_in_words(
    alice: Client, office: Office, world: World, more: dict[str, str], status: int, said: str
) -> None:
    answer = alice.post(PAGE, typed(office.open_slots()[0], **more))
    assert answer.status_code == status
    assert said in words(answer.content)
    with world.enter("acme"):
        assert not Booking.objects.exists()


def test_looking_at_other_times_books_nothing_and_keeps_what_was_typed(
    alice: Client, office: Office, world: World
) -> None:
    answer = alice.post(PAGE, typed(office.open_slots()[0], act="show", name="", time_zone="Nowhere/Else"))
    assert answer.status_code == 200
    assert "Write the client’s name." not in words(answer.content)
    assert 'value="ben@example.org"' in answer.content.decode()
    with world.enter("acme"):
        assert not Booking.objects.exists()


@pytest.mark.parametrize("week", ["", "x", "1999-01-01", "9999-12-31", "2026-02-30"])
def test_any_week_and_any_choice_is_answered(alice: Client, week: str) -> None:
    answer = alice.get(f"{PAGE}?week={week}&event_type=none&host=nobody&like=%00")
    assert answer.status_code == 200


def test_a_pause_is_said_before_and_after(alice: Client, office: Office) -> None:
    slot = office.open_slots()[0]
    Tenant.objects.filter(slug="acme").update(paused_at=slot.start)
    assert "New bookings are paused, for you as well." in words(alice.get(PAGE).content)
    answer = alice.post(PAGE, typed(slot))
    assert answer.status_code == 409
    assert "Bookings are paused at the moment." in words(answer.content)


def test_client_of_another_booking_is_filled_in_for_who_may_see_it(
    alice: Client, bob: Client, office: Office
) -> None:
    booking = office.book("Ben Carter")
    assert 'value="ben@example.org"' in alice.get(f"{PAGE}?like={booking.uid}").content.decode()
    assert "ben@example.org" not in bob.get(f"{PAGE}?like={booking.uid}").content.decode()


def test_host_books_only_for_herself(ana: Client, bob: Client, office: Office, world: World) -> None:
    assert "Site visit, 90 min" in words(ana.get(PAGE).content)
    slot = office.open_slots()[0]
    assert bob.post(PAGE, typed(slot)).status_code == 422
    assert "You host no meeting type yet" in words(bob.get(PAGE).content)
    with world.enter("acme"):
        assert not Booking.objects.exists()
    assert ana.post(PAGE, typed(slot)).status_code == 303


def test_host_of_a_round_robin_is_the_one_asked_for(world: World, office: Office) -> None:
    from accounts.api import User
    from tests.portal.business.conftest import signed_in

    with world.enter("northwind"):
        nora = signed_in("northwind.localhost", User.objects.get(email="owner@northwind.example"))
    page = nora.get(f"{PAGE}?event_type=meet&host=chloe").content
    assert '<option value="chloe" selected>' in page.decode()
    answer = nora.post(
        PAGE,
        {
            "act": "book", "event_type": "meet", "host": "chloe", "start": offered(page)[0], "key": "k",
            "time_zone": "Europe/Lisbon", "name": "Ben", "email": "ben@example.org",
        },
    )  # fmt: skip
    assert answer.status_code == 303
    with world.enter("northwind"):
        assert [host.slug for host in Booking.objects.get().meeting.hosts.all()] == ["chloe"]


def test_questions_are_asked_but_never_demanded(alice: Client, office: Office, world: World) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(
            questions=[
                {"label": "Which floor?", "kind": "text", "required": True, "choices": []},
                {"label": "Parking", "kind": "choice", "required": True, "choices": ["Yes", "No"]},
            ]
        )
    assert "Which floor?" in words(alice.get(f"{PAGE}?event_type=site-visit").content)
    answer = alice.post(PAGE, typed(office.open_slots()[0], question_1="No"))
    assert answer.status_code == 303
    with world.enter("acme"):
        assert Booking.objects.get().answers == {"Parking": "No", "notes": "Bring the plan."}


def test_stranger_and_visitor_are_asked_to_sign_in(
    stranger: Client, office: Office, client_for: Callable[[str], Client]
) -> None:
    slot = office.open_slots()[0]
    for client in (stranger, client_for("acme.localhost")):
        answer = client.post(PAGE, typed(slot))
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={PAGE}")


def test_page_costs_the_same_with_one_booking_and_three(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    office.book("Ben Carter")
    alice.get(f"{PAGE}?event_type=site-visit")  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES):
        alice.get(f"{PAGE}?event_type=site-visit")
    office.book("Carla Dias")
    office.book("Dora Esteves")
    with django_assert_num_queries(QUERIES + 1):  # what blocks time has changed
        alice.get(f"{PAGE}?event_type=site-visit")


QUERIES = 3  # to know the viewer, and that nothing has changed
