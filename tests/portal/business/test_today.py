"""Today: what is next, what needs somebody, what ran meanwhile; who sees which of it, and what it costs."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.api import User, note_visit
from audit.api import Run
from booking.api import Booking, Host, open_incident
from kernel.clock import now as clock_now
from portal.business import times
from providers.api import CalendarConnection
from tenants.api import Tenant
from tests.database import World
from tests.portal.business.conftest import ZONE, Office
from tests.portal.business.test_booking import words

LISBON = ZoneInfo(ZONE)


def test_an_empty_portal_says_what_to_do_first(alice: Client, world: World) -> None:
    said = words(alice.get("/portal/").content)
    assert "Nothing is booked yet. Nothing needs you." in said
    assert "Have a meeting type that clients can book (done)" in said
    assert "Connect a calendar, so that no time clashes" in said
    assert "Connect a calendar, so that no time clashes (done)" not in said
    assert "Send a client your address http://acme.localhost:8000/ Copy" in said
    assert "Nothing ran yet." in said


def test_owner_reads_what_is_next(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    start = booking.meeting.starts_at
    said = words(alice.get("/portal/").content)
    shown = times.moment(start, LISBON, clock_now().astimezone(LISBON).date())
    assert f"No meeting today. The next is on {shown}. Nothing needs you." in said
    assert "Ben Carter Site visit with Ana Martins Rua do Alecrim 26, Lisboa" in said
    assert "Times in Europe/Lisbon (UTC+" in said


def test_the_room_that_is_open_has_a_way_in(world: World, alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    link = "http://acme.localhost:8000/room/abc/"
    soon = clock_now() + timedelta(minutes=9)
    _meeting_at(world, booking, "location_kind = 'built_in_room', join_url = %s,", link, starts_at=soon)
    page = alice.get("/portal/").content
    assert f'<a class="button primary" href="{link}" rel="noreferrer">Join as host</a>' in page.decode()
    assert "The room is open" in words(page)


def test_the_room_that_opens_later_says_when(world: World, alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    starts_at = clock_now() + timedelta(minutes=11)
    _meeting_at(
        world, booking, "location_kind = 'built_in_room', join_url = %s,", "http://x/", starts_at=starts_at
    )
    page = alice.get("/portal/").content
    opens = (starts_at - timedelta(minutes=10)).astimezone(LISBON)
    assert "Join as host" not in page.decode()
    assert f"The link was tested; it opens at {opens:%H:%M}" in words(page)


def _meeting_at(world: World, booking: Booking, more: str, *values: object, starts_at: Any) -> None:
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")  # a made-up time, without its entry
        database.execute(
            f"UPDATE booking_meeting SET {more} starts_at = %s, ends_at = %s WHERE id = %s",  # type: ignore[arg-type]
            [*values, starts_at, starts_at + timedelta(minutes=30), booking.meeting_id],
        )


def test_host_reads_her_own_without_undo(ana: Client, office: Office) -> None:
    office.book("Ben Carter")
    answer = ana.get("/portal/")
    said = words(answer.content)
    assert "Ben Carter" in said
    assert "1 run" in said
    assert "/portal/what-ran/" not in answer.content.decode()


def test_another_host_reads_nothing_of_it(bob: Client, office: Office) -> None:
    office.book("Ben Carter")
    said = words(bob.get("/portal/").content)
    assert "Nothing is booked yet." in said
    assert "Nothing ran yet." in said
    assert "Ben" not in said


@pytest.mark.parametrize("path", ["/portal/", "/portal/find/?q=ben"])
def test_stranger_and_visitor_are_asked_to_sign_in(
    stranger: Client, office: Office, client_for: Callable[[str], Client], path: str
) -> None:
    office.book("Ben Carter")
    for client in (stranger, client_for("acme.localhost")):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=/portal/")


def test_what_ran_since_the_last_look_is_counted_with_its_undo(
    alice: Client, office: Office, world: World
) -> None:
    office.book("Ben Carter")
    with world.enter("acme"):
        earlier = clock_now() - timedelta(hours=3)
        User.objects.filter(email="owner@acme.example").update(looked_at=earlier)
        run = Run.objects.get()
    page = alice.get("/portal/").content
    assert "Since you last looked 3 h ago. 1 run. Confirmed Ben Carter" in words(page)
    assert re.findall(r'href="(/portal/what-ran/\d+/undo/)"', page.decode()) == [
        f"/portal/what-ran/{run.pk}/undo/"
    ]
    again = words(alice.get("/portal/").content)
    assert "Since you last looked 3 h ago. 1 run." in again  # a reload is the same visit


def test_nothing_ran_since_the_last_look(alice: Client, office: Office, world: World) -> None:
    office.book("Ben Carter")
    with world.enter("acme"):
        Run.objects.update(started_at=clock_now() - timedelta(hours=5))
        User.objects.filter(email="owner@acme.example").update(looked_at=clock_now() - timedelta(hours=3))
    assert "Nothing ran since 3 h ago." in words(alice.get("/portal/").content)


def test_a_visit_ends_after_half_an_hour(world: World, alice: Client) -> None:
    with world.enter("acme"):
        user = User.objects.get(email="owner@acme.example")
        first = clock_now()
        assert note_visit(user, now=first) is None
        assert note_visit(user, now=first + timedelta(minutes=20)) is None
        last = first + timedelta(minutes=20)
        assert note_visit(user, now=last + timedelta(minutes=31)) == last
        user.refresh_from_db()
        assert (user.looked_at, user.looked_before_at) == (last + timedelta(minutes=31), last)


def test_a_run_that_failed_needs_somebody(alice: Client, bob: Client, office: Office, world: World) -> None:
    office.book("Ben Carter")
    with world.enter("acme"):
        Run.objects.update(state="failed", failure_words="The link could not be made to work.")
        run = Run.objects.get()
    page = alice.get("/portal/").content
    assert "Needs you 1" in words(page)
    assert "The link could not be made to work. See what happened" in words(page)
    assert f'href="/portal/what-ran/{run.pk}/"' in page.decode()
    assert "Needs you" not in words(bob.get("/portal/").content)


def test_an_incident_is_told_once_with_its_consequence(
    alice: Client, ana: Client, bob: Client, office: Office, world: World
) -> None:
    booking = office.book("Ben Carter")
    with world.enter("acme"):
        Run.objects.update(state="failed", failure_words="The link could not be made to work.")
        open_incident(
            "run_failed",
            subject=f"meeting:{booking.meeting.uid}",
            title="Ben’s site visit has no link.",
            consequence="Ben waits.",
            run_id=Run.objects.get().pk,
            now=clock_now(),
        )
    said = words(alice.get("/portal/").content)
    assert "Needs you 1 Ben’s site visit has no link. Ben waits." in said
    assert "Needs you 1 Ben’s site visit has no link. Ben waits." in words(ana.get("/portal/").content)
    assert "Ben waits." not in words(bob.get("/portal/").content)


def test_a_calendar_that_cannot_be_read_is_named_with_its_consequence(
    alice: Client, ana: Client, bob: Client, world: World
) -> None:
    with world.enter("acme"):
        CalendarConnection.objects.create(
            host_id=Host.objects.get(slug="ana").pk,
            url="https://dav.example/",
            username="ana",
            sealed_password=b"",
            time_zone=ZONE,
            status="unauthorised",
            connected_at=clock_now(),
            last_good_at=clock_now() - timedelta(hours=2),
        )
    told = "Ana Martins’s calendar refuses the sign-in Clients see no time of Ana Martins until it answers again."
    assert told in words(alice.get("/portal/").content)
    assert told in words(ana.get("/portal/").content)
    assert told not in words(bob.get("/portal/").content)


def test_a_pause_is_shown_first(alice: Client, world: World) -> None:
    Tenant.objects.filter(slug="acme").update(paused_at=clock_now())
    said = words(alice.get("/portal/").content)
    assert "Needs you 1 New bookings are paused Since " in said
    assert "your page offers no time. What is booked stands." in said


def test_page_costs_the_same_for_one_meeting_and_three(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    office.book("Ben Carter")
    alice.get("/portal/")  # the visit is noted
    with django_assert_num_queries(QUERIES + SENTENCE):
        alice.get("/portal/")
    office.book("Carla Dias")
    office.book("Dora Esteves")
    with django_assert_num_queries(QUERIES + 3 * SENTENCE):
        said = words(alice.get("/portal/").content)
    assert said.index("Ben Carter") < said.index("Carla Dias") < said.index("Dora Esteves")


# 3 to know the viewer, 3 the meetings, 1 incidents, 1 calendars, 1 failed runs, 1 approvals, 4 what ran, 1 the address
QUERIES = 15
SENTENCE = 2  # a run's sentence reads its booking and whether it was moved; at most five are shown


def test_palette_finds_a_booking_by_part_of_a_name(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    office.book("Carla Dias")
    found = alice.get("/portal/find/?q=cart").json()["bookings"]
    shown = times.moment(booking.meeting.starts_at, LISBON, clock_now().astimezone(LISBON).date())
    assert found == [
        {
            "title": "Ben Carter",
            "detail": f"Site visit · {shown} · Confirmed",
            "address": f"/portal/bookings/{booking.uid}/",
        }
    ]


@pytest.mark.parametrize("query", ["", "?q=", "?q=b", "?q=%00", "?q=" + "x" * 5000])
def test_palette_answers_any_question(alice: Client, office: Office, query: str) -> None:
    office.book("Ben Carter")
    answer = alice.get(f"/portal/find/{query}")
    assert (answer.status_code, answer.json()) == (200, {"bookings": []})


def test_palette_finds_nothing_of_another_host(bob: Client, ana: Client, office: Office) -> None:
    office.book("Ben Carter")
    assert bob.get("/portal/find/?q=carter").json() == {"bookings": []}
    assert len(ana.get("/portal/find/?q=carter").json()["bookings"]) == 1


def test_palette_finds_at_most_six(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(7):
        office.book(f"Ben Carter {number}", perform=False)
    alice.get("/portal/find/?q=carter")  # the host is known to this process from now on
    with django_assert_num_queries(6):
        assert len(alice.get("/portal/find/?q=carter").json()["bookings"]) == 6


def test_pages_carry_the_palette_and_a_menu(alice: Client, ana: Client) -> None:
    owner, host = (client.get("/portal/").content.decode() for client in (alice, ana))
    for page in (owner, host):
        assert page.count('<dialog class="palette"') == 1
        assert 'popovertarget="portal-menu"' in page
        assert '<a class="skip" href="#main">' in page
    assert 'href="/portal/what-ran/"' in owner
    assert 'href="/portal/what-ran/"' not in host
