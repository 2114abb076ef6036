"""One booking's page: what it says, to whom, and what can be done from it."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from booking.api import EventType
from tests.database import World
from tests.portal.business.conftest import ZONE, Office


def words(page: bytes) -> str:
    """Return what the page says, without its markup."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", page.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain))


def test_owner_reads_who_when_where_and_what_ran(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    said = words(alice.get(f"/portal/bookings/{booking.uid}/").content)
    assert "Ben Carter Confirmed" in said
    assert "Europe/Lisbon (UTC+" in said
    assert "ben@example.org" in said
    assert "Rua do Alecrim 26, Lisboa" in said
    assert said.index("Confirmed Ben Carter") < said.index("Held the time")
    assert f"Reference {booking.uid}" in said
    assert said.count("signed #") == 2  # held, and the run that confirmed it
    assert "Sent" in said


def test_host_reads_her_own_booking_without_undo(ana: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    answer = ana.get(f"/portal/bookings/{booking.uid}/")
    assert answer.status_code == 200
    assert "Ben Carter Confirmed" in words(answer.content)
    assert "/undo/" not in answer.content.decode()
    assert "/portal/messages/" not in answer.content.decode()


@pytest.mark.parametrize("page", ["", "cancel/", "reschedule/"])
def test_another_host_gets_what_a_missing_booking_gets(bob: Client, office: Office, page: str) -> None:
    booking = office.book("Ben Carter")
    theirs = bob.get(f"/portal/bookings/{booking.uid}/{page}")
    missing = bob.get(f"/portal/bookings/{'a' * 20}/{page}")
    assert (theirs.status_code, missing.status_code) == (404, 404)
    assert words(theirs.content) == words(missing.content)
    assert "No such booking" in words(theirs.content)


@pytest.mark.parametrize("page", ["", "cancel/", "reschedule/"])
def test_stranger_is_asked_to_sign_in(stranger: Client, office: Office, page: str) -> None:
    booking = office.book("Ben Carter")
    answer = stranger.get(f"/portal/bookings/{booking.uid}/{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_tested_link_shows_its_proof(world: World, alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    proved_at = booking.meeting.starts_at.replace(hour=14, minute=2) - timedelta(days=1)
    with world.superuser("acme") as database:
        database.execute(
            "SET session_replication_role = replica"
        )  # past the ledger's trigger: a made-up past
        database.execute(
            "UPDATE booking_meeting SET location_kind = 'built_in_room', join_url = %s, link_proved_at = %s,"
            " link_proof = '{}' WHERE id = %s",
            ["http://acme.localhost:8000/room/abc/", proved_at, booking.meeting_id],
        )
    page = alice.get(f"/portal/bookings/{booking.uid}/").content
    assert b'<a href="http://acme.localhost:8000/room/abc/" data-copied rel="noreferrer">' in page
    shown = proved_at.astimezone(ZoneInfo(ZONE))
    assert f"Tested {shown:%H:%M}" in words(page)


def test_page_is_never_cached(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    assert "no-store" in alice.get(f"/portal/bookings/{booking.uid}/")["Cache-Control"]


def test_cancel_page_says_what_will_happen_and_changes_nothing(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    said = words(alice.get(f"/portal/bookings/{booking.uid}/cancel/").content)
    assert "The time is free again at once" in said
    assert "Ben Carter is told by mail" in said
    assert office.read(booking).status == "confirmed"


@pytest.mark.parametrize("who", ["alice", "ana"])
def test_cancelling_frees_the_time_and_tells_the_client_why(
    request: pytest.FixtureRequest, office: Office, who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    booking = office.book("Ben Carter")
    start = booking.meeting.starts_at
    answer = client.post(f"/portal/bookings/{booking.uid}/cancel/", {"reason": "The site is closed."})
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/bookings/{booking.uid}/")
    office.perform()
    after = office.read(booking)
    assert (after.status, after.cancel_reason) == ("cancelled", "The site is closed.")
    assert start in [slot.start for slot in office.open_slots()]
    said = words(client.get(f"/portal/bookings/{booking.uid}/").content)
    assert "Ben Carter Cancelled" in said
    assert "“The site is closed.”" in said
    mail = [each.mail for each in office.sink.received if each.recipients == ("ben@example.org",)][-1]
    assert "The site is closed." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_cancelling_twice_is_answered_in_words(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    alice.post(f"/portal/bookings/{booking.uid}/cancel/")
    again = alice.post(f"/portal/bookings/{booking.uid}/cancel/")
    assert again.status_code == 409
    assert "It was not cancelled" in words(again.content)
    assert "is cancelled, so there is nothing to cancel" in words(again.content)


def test_another_host_cannot_cancel(bob: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    assert bob.post(f"/portal/bookings/{booking.uid}/cancel/").status_code == 404
    assert office.read(booking).status == "confirmed"


def test_a_form_of_another_site_cannot_cancel(world: World, alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    strict = Client(headers={"host": "acme.localhost"}, enforce_csrf_checks=True)
    strict.cookies = alice.cookies
    assert strict.post(f"/portal/bookings/{booking.uid}/cancel/").status_code == 403
    assert office.read(booking).status == "confirmed"


def test_rescheduling_offers_open_times_of_the_week(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    page = alice.get(f"/portal/bookings/{booking.uid}/reschedule/").content.decode()
    offered = re.findall(r'name="start" value="([^"]+)"', page)
    assert offered
    assert booking.meeting.starts_at not in [datetime.fromisoformat(start) for start in offered]


def test_rescheduling_offers_times_for_the_meetings_own_length(
    world: World, alice: Client, office: Office
) -> None:
    booking = office.book("Ben Carter")
    here = f"/portal/bookings/{booking.uid}/reschedule/"
    before = offered_starts(alice, here)
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(duration_minutes=30)
    assert offered_starts(alice, here) == before


def offered_starts(client: Client, address: str) -> list[str]:
    """The starts that a page of open times offers."""
    return re.findall(r'name="start" value="([^"]+)"', client.get(address).content.decode())


def test_rescheduling_moves_the_booking_and_tells_the_client(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    there = office.open_slots()[-1].start
    answer = alice.post(f"/portal/bookings/{booking.uid}/reschedule/", {"start": there.isoformat()})
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/bookings/{booking.uid}/")
    office.perform()
    after = office.read(booking)
    assert (after.uid, after.status, after.meeting.starts_at) == (booking.uid, "confirmed", there)
    assert "Moved Ben Carter" in words(alice.get(f"/portal/bookings/{booking.uid}/").content)


def test_a_time_that_was_taken_meanwhile_is_refused_with_what_is_near(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    wanted = office.open_slots()[-1].start
    office.book("Carla Dias", start=wanted)
    answer = alice.post(f"/portal/bookings/{booking.uid}/reschedule/", {"start": wanted.isoformat()})
    assert answer.status_code == 409
    assert "It was not moved" in words(answer.content)
    assert "Nearest open times" in words(answer.content)
    assert office.read(booking).meeting.starts_at == booking.meeting.starts_at


@pytest.mark.parametrize(
    "start",
    [
        "",
        "tomorrow",
        "2026-11-24T10:00:00",
        "2026-11-24",
        "9999-12-31T10:00:00+00:00",
        "9999-12-31T23:00:00-14:00",
        "0001-01-01T00:00:00+14:00",
        "2200-01-01T10:00:00Z",
        "\x00",
    ],
)
def test_what_is_no_instant_is_no_move(alice: Client, office: Office, start: str) -> None:
    booking = office.book("Ben Carter")
    answer = alice.post(f"/portal/bookings/{booking.uid}/reschedule/", {"start": start})
    assert answer.status_code == 409
    assert "Choose one of the times below." in words(answer.content)


def test_a_time_between_two_seconds_is_no_move(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    there = office.open_slots()[-1].start + timedelta(microseconds=500)
    answer = alice.post(f"/portal/bookings/{booking.uid}/reschedule/", {"start": there.isoformat()})
    assert answer.status_code == 409
    assert "outside the hours on offer" in words(answer.content)
    assert office.read(booking).meeting.starts_at == booking.meeting.starts_at


@pytest.mark.parametrize("week", ["", "x", "1999-01-01", "9999-12-31", "2026-02-30"])
def test_any_week_is_answered(alice: Client, office: Office, week: str) -> None:
    booking = office.book("Ben Carter")
    assert alice.get(f"/portal/bookings/{booking.uid}/reschedule/?week={week}").status_code == 200


@pytest.mark.parametrize("week", ["2199-12-31", "9999-12-31"])
def test_any_week_is_answered_where_the_window_has_no_end(
    alice: Client, office: Office, world: World, week: str
) -> None:
    booking = office.book("Ben Carter")
    with world.enter("acme"):
        EventType.objects.update(window_first_date=date(2026, 1, 1), window_last_date=date.max)
    assert alice.get(f"/portal/bookings/{booking.uid}/reschedule/?week={week}").status_code == 200


def test_cancelled_booking_offers_no_move(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    alice.post(f"/portal/bookings/{booking.uid}/cancel/")
    assert "/reschedule/" not in alice.get(f"/portal/bookings/{booking.uid}/").content.decode()
    said = words(alice.get(f"/portal/bookings/{booking.uid}/reschedule/").content)
    assert "only a confirmed one can be moved" in said


def test_page_costs_the_same_with_one_message_and_three(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    booking = office.book("Ben Carter", perform=False)
    alice.get(f"/portal/bookings/{booking.uid}/")  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES):
        alice.get(f"/portal/bookings/{booking.uid}/")
    office.perform()
    with django_assert_num_queries(QUERIES):
        alice.get(f"/portal/bookings/{booking.uid}/")


# 3 to know the viewer, 2 the booking and its hosts, 3 how it stands, 1 other hosts, 5 what ran, 1 who did what,
# 1 its messages
QUERIES = 18
