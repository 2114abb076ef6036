"""What a user does with a booking: no-show and its inverse, another host, a message sent again; and who may."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.api import User
from booking.api import Attendee, Booking, Host, book, get_event_type, slots
from kernel.clock import now as clock_now
from providers.api import Message
from tests.database import World
from tests.portal.business.conftest import CLIENT, ZONE, Office, signed_in
from tests.portal.business.test_booking import words

ACTS = ["no-show/", "came/", "send-again/"]


def started(world: World, booking: Booking) -> None:
    """Let the meeting have begun an hour ago, without the entry that a real change would need."""
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")
        database.execute(
            "UPDATE booking_meeting SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = %s",
            [booking.meeting_id],
        )


def page_of(booking: Booking) -> str:
    return f"/portal/bookings/{booking.uid}/"


def test_no_show_and_its_inverse_are_signed_in_the_users_name(
    alice: Client, office: Office, world: World
) -> None:
    booking = office.book("Ben Carter")
    started(world, booking)
    assert "The client did not come" in words(alice.get(page_of(booking)).content)
    answer = alice.post(f"{page_of(booking)}no-show/")
    assert (answer.status_code, answer["Location"]) == (303, page_of(booking))
    said = words(alice.get(page_of(booking)).content)
    assert office.read(booking).status == "no_show"
    assert "Recorded that the client did not come just now Alice Acme signed #" in said
    assert alice.post(f"{page_of(booking)}came/").status_code == 303
    assert office.read(booking).status == "completed"
    assert "Recorded that the client did come" in words(alice.get(page_of(booking)).content)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("no-show/", "This meeting has not started yet, so nobody can have missed it."),
        ("came/", "This booking is confirmed, so this cannot be recorded."),
    ],
)
def test_what_cannot_be_recorded_is_said_in_words(alice: Client, office: Office, act: str, said: str) -> None:
    booking = office.book("Ben Carter")
    answer = alice.post(f"{page_of(booking)}{act}")
    assert answer.status_code == 409
    assert said in words(answer.content)
    assert office.read(booking).status == "confirmed"


@pytest.mark.parametrize("act", ACTS)
def test_acts_of_others_change_nothing(
    bob: Client,
    stranger: Client,
    client_for: Callable[[str], Client],
    office: Office,
    world: World,
    act: str,
) -> None:
    booking = office.book("Ben Carter")
    started(world, booking)
    assert bob.post(f"{page_of(booking)}{act}").status_code == 404
    for client in (stranger, client_for("acme.localhost")):
        assert client.post(f"{page_of(booking)}{act}").status_code == 302
    assert office.read(booking).status == "confirmed"


@pytest.mark.parametrize("act", ACTS)
def test_looking_at_an_act_does_nothing(alice: Client, office: Office, world: World, act: str) -> None:
    booking = office.book("Ben Carter")
    started(world, booking)
    assert alice.get(f"{page_of(booking)}{act}").status_code == 405
    assert office.read(booking).status == "confirmed"


def test_host_records_a_no_show_of_her_own(ana: Client, office: Office, world: World) -> None:
    booking = office.book("Ben Carter")
    started(world, booking)
    assert ana.post(f"{page_of(booking)}no-show/").status_code == 303
    assert office.read(booking).status == "no_show"


def test_latest_message_is_sent_again_with_its_invite(alice: Client, office: Office, world: World) -> None:
    booking = office.book("Ben Carter")
    too_soon = alice.post(f"{page_of(booking)}send-again/")
    assert too_soon.status_code == 409
    assert "within the last minute" in words(too_soon.content)
    with world.enter("acme"):
        Message.objects.update(created_at=clock_now() - timedelta(hours=1))
    assert "Send the latest again" in words(alice.get(page_of(booking)).content)
    assert alice.post(f"{page_of(booking)}send-again/").status_code == 303
    office.perform()
    to_ben = [each.mail for each in office.sink.received if each.recipients == ("ben@example.org",)]
    assert len(to_ben) == 2
    assert to_ben[0]["Subject"] == to_ben[1]["Subject"]
    assert to_ben[0]["Message-ID"] != to_ben[1]["Message-ID"]
    assert "Sent the latest message again just now Alice Acme signed #" in words(
        alice.get(page_of(booking)).content
    )


def test_nothing_to_send_again_is_said(alice: Client, office: Office, world: World) -> None:
    booking = office.book("Ben Carter")
    with world.enter("acme"):
        Message.objects.all().delete()
    answer = alice.post(f"{page_of(booking)}send-again/")
    assert answer.status_code == 409
    assert "There is no message to send again yet." in words(answer.content)


@pytest.fixture
def nora(world: World) -> Client:
    """The owner of Northwind, whose hosts share a round robin."""
    with world.enter("northwind"):
        return signed_in("northwind.localhost", User.objects.get(email="owner@northwind.example"))


def book_with(world: World, office: Office, host: str) -> tuple[Booking, datetime]:
    """Book the round robin of Northwind with this host, in person, and perform what follows."""
    with world.enter("northwind"):
        event_type = get_event_type("meet")
        event_type.location_kind = "in_person"
        event_type.save(update_fields=["location_kind"])
        now, chosen = clock_now(), Host.objects.get(slug=host)
        first = (now + timedelta(days=3)).date()
        page = slots(
            event_type, first=first, last=first + timedelta(days=6), time_zone=ZONE, now=now, host=chosen
        )
        start = next(slot.start for day in page.days.values() for slot in day)
        made = book(
            event_type, start=start, time_zone=ZONE, attendee=Attendee("Ben Carter", "ben@example.org"),
            guests=[], answers={}, now=now, actor=CLIENT, visitor="v", host=chosen, source="page",
        ).booking  # fmt: skip
    office.perform()
    return made, start


def hosts_of(world: World, booking: Booking) -> list[str]:
    with world.enter("northwind"):
        return [host.slug for host in Booking.objects.get(pk=booking.pk).meeting.hosts.all()]


def test_owner_gives_a_meeting_to_a_host_who_is_free(nora: Client, office: Office, world: World) -> None:
    booking, _ = book_with(world, office, "chloe")
    page = nora.get(f"{page_of(booking)}reassign/").content.decode()
    assert 'value="bruno"' in page
    assert 'value="chloe"' not in page
    answer = nora.post(f"{page_of(booking)}reassign/", {"host": "bruno"})
    assert (answer.status_code, answer["Location"]) == (303, page_of(booking))
    assert "once everything is in place; until then nothing changes" in words(
        nora.get(page_of(booking)).content
    )
    office.perform()
    assert hosts_of(world, booking) == ["bruno"]
    assert "Reassigned Ben Carter" in words(nora.get(page_of(booking)).content)


def test_a_meeting_of_somebody_who_left_can_go_to_the_one_host_who_is_there(
    nora: Client, office: Office, world: World
) -> None:
    booking, _ = book_with(world, office, "chloe")
    with world.enter("northwind"):
        Host.objects.exclude(slug="bruno").update(active=False)
    assert f"{page_of(booking)}reassign/" in nora.get(page_of(booking)).content.decode()
    assert 'value="bruno"' in nora.get(f"{page_of(booking)}reassign/").content.decode()
    with world.enter("northwind"):
        Host.objects.update(active=False)
    assert f"{page_of(booking)}reassign/" not in nora.get(page_of(booking)).content.decode()


@pytest.mark.parametrize("host", ["", "chloe", "nobody"])
def test_who_is_not_free_gets_nothing(nora: Client, office: Office, world: World, host: str) -> None:
    booking, _ = book_with(world, office, "chloe")
    answer = nora.post(f"{page_of(booking)}reassign/", {"host": host})
    assert answer.status_code == 409
    assert "Choose one of the hosts who are free then." in words(answer.content)
    assert hosts_of(world, booking) == ["chloe"]


def test_host_who_gives_it_away_is_led_to_the_list(world: World, office: Office) -> None:
    booking, _ = book_with(world, office, "bruno")
    with world.enter("northwind"):
        bruno = signed_in("northwind.localhost", User.objects.get(email="bruno@northwind.example"))
    answer = bruno.post(f"{page_of(booking)}reassign/", {"host": "chloe"})
    assert (answer.status_code, answer["Location"]) == (303, "/portal/bookings/")
    office.perform()
    assert hosts_of(world, booking) == ["chloe"]
    assert bruno.get(page_of(booking)).status_code == 404


def test_meeting_without_another_host_says_so(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    assert "/reassign/" not in alice.get(page_of(booking)).content.decode()
    assert "Nobody else is free then" in words(alice.get(f"{page_of(booking)}reassign/").content)


def test_cancelled_booking_goes_to_nobody(nora: Client, office: Office, world: World) -> None:
    booking, _ = book_with(world, office, "chloe")
    nora.post(f"{page_of(booking)}cancel/")
    said = words(nora.get(f"{page_of(booking)}reassign/").content)
    assert "only a confirmed one that has not started goes to another host" in said
    assert nora.post(f"{page_of(booking)}reassign/", {"host": "bruno"}).status_code == 409
