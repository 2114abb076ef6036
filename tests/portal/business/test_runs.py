"""What ran, and its Undo: said before it is done, done once, signed, and refused in words when it cannot be."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.api import Entry, Run
from tests.database import World
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words


def newest(world: World, workflow: str = "new_booking") -> int:
    with world.enter("acme"):
        return Run.objects.filter(workflow=workflow).order_by("-pk").values_list("pk", flat=True)[0]


def test_timeline_tells_each_run_in_a_sentence(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    said = words(alice.get("/portal/what-ran/").content)
    assert re.search(r"Confirmed Ben Carter.{1,80} just now signed #\d+ Undo : Confirmed Ben Carter", said)
    assert "Sent" in said


def test_empty_timeline_says_what_to_do_first(alice: Client) -> None:
    said = words(alice.get("/portal/what-ran/").content)
    assert "Nothing ran yet" in said
    assert "Go to Bookings for the address to send to a client" in said


def test_nothing_older_leads_back(alice: Client, office: Office) -> None:
    office.book("Ben Carter")
    said = words(alice.get("/portal/what-ran/?before=1").content)
    assert "This is where the record begins." in said


@pytest.mark.parametrize("path", ["", "1/", "1/undo/", "1/undo/1/"])
def test_host_is_told_that_owners_see_this(ana: Client, office: Office, path: str) -> None:
    office.book("Ben Carter")
    answer = ana.get(f"/portal/what-ran/{path}")
    assert answer.status_code == 403
    assert "Owners and admins see this" in words(answer.content)
    assert "Ben Carter" not in words(answer.content)


@pytest.mark.parametrize("path", ["", "1/", "1/undo/", "1/undo/1/"])
def test_stranger_is_asked_to_sign_in(stranger: Client, office: Office, path: str) -> None:
    office.book("Ben Carter")
    assert stranger.get(f"/portal/what-ran/{path}")["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("path", ["999/", "999/undo/", "1/undo/999/"])
def test_missing_run_is_said(alice: Client, office: Office, path: str) -> None:
    office.book("Ben Carter")
    answer = alice.get(f"/portal/what-ran/{path}")
    assert answer.status_code == 404
    assert "No such run" in words(answer.content)


def test_a_run_and_its_undo_lead_to_the_booking(alice: Client, world: World, office: Office) -> None:
    booking = office.book("Ben Carter")
    here = f"/portal/what-ran/{newest(world)}/"
    for page in (here, f"{here}undo/"):
        said = alice.get(page).content.decode()
        assert f'<a href="/portal/bookings/{booking.uid}/">The booking</a>' in said


def test_run_shows_its_signed_entries_as_they_were_signed(
    alice: Client, world: World, office: Office
) -> None:
    office.book("Ben Carter")
    run = newest(world)
    with world.enter("acme"):
        entry = Entry.objects.filter(run_id=run).order_by("seq")[0]
    page = alice.get(f"/portal/what-ran/{run}/").content
    said = words(page)
    assert bytes(entry.signature).hex() in said
    assert bytes(entry.prev).hex() in said
    assert bytes(entry.hash).hex() in said
    assert f"#{entry.seq} {entry.action}" in said
    assert "ben@example.org" not in said


def test_preview_says_the_consequences_and_changes_nothing(
    alice: Client, world: World, office: Office
) -> None:
    booking = office.book("Ben Carter")
    run = newest(world)
    said = words(alice.get(f"/portal/what-ran/{run}/undo/").content)
    assert "Undo this?" in said
    assert "is cancelled and its time is open to everyone at once." in said
    assert "cannot be unsent, so it is corrected" in said
    assert office.read(booking).status == "confirmed"


def test_undoing_a_confirmation_cancels_frees_and_tells(alice: Client, world: World, office: Office) -> None:
    booking = office.book("Ben Carter")
    run = newest(world)
    answer = alice.post(f"/portal/what-ran/{run}/undo/")
    undoing = newest(world, "cancellation")
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/what-ran/{undoing}/")
    assert "Being undone" in words(alice.get("/portal/what-ran/").content)
    office.perform()
    assert office.read(booking).status == "cancelled"
    assert booking.meeting.starts_at in [slot.start for slot in office.open_slots()]
    assert office.sink.received[-1].recipients
    to_ben = [each for each in office.sink.received if each.recipients == ("ben@example.org",)]
    assert len(to_ben) == 2
    said = words(alice.get("/portal/what-ran/").content)
    assert re.search(r"Confirmed Ben Carter.{1,80} Undone", said)
    with world.enter("acme"):
        signed = Entry.objects.filter(run_id=undoing).order_by("seq")[0]
        assert signed.reverses in Entry.objects.filter(run_id=run).values_list("seq", flat=True)


def test_undo_happens_once(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    run = newest(world)
    alice.post(f"/portal/what-ran/{run}/undo/")
    again = alice.post(f"/portal/what-ran/{run}/undo/")
    assert again.status_code == 409
    assert "It was undone already." in words(again.content)
    with world.enter("acme"):
        assert Run.objects.filter(reverses=run).count() == 1


def test_undo_that_failed_is_told_with_its_reason_and_offered_again(
    alice: Client, world: World, office: Office
) -> None:
    booking = office.book("Ben Carter")
    run = newest(world)
    alice.post(f"/portal/what-ran/{run}/undo/")
    with world.enter("acme"):  # as if it had failed at a step
        undoing = Run.objects.get(reverses=run)
        Run.objects.filter(pk=undoing.pk).update(state="failed", failure_words="The provider did not answer.")
    said = words(alice.get(f"/portal/what-ran/{run}/").content)
    assert "It was not undone: The provider did not answer. What was tried" in said
    assert "Undone" not in said
    assert f"/portal/what-ran/{run}/undo/" in alice.get(f"/portal/what-ran/{run}/").content.decode()
    assert "What it was to undo" in words(alice.get(f"/portal/what-ran/{undoing.pk}/").content)
    assert office.read(booking).status == "cancelled"  # its time is free at once, whatever follows


def test_undoing_a_cancellation_takes_the_time_back(alice: Client, world: World, office: Office) -> None:
    booking = office.book("Ben Carter")
    alice.post(f"/portal/bookings/{booking.uid}/cancel/")
    office.perform()
    alice.post(f"/portal/what-ran/{newest(world, 'cancellation')}/undo/")
    office.perform()
    after = office.read(booking)
    assert (after.uid, after.status) == (booking.uid, "confirmed")
    assert booking.meeting.starts_at not in [slot.start for slot in office.open_slots()]


def test_undoing_a_cancellation_says_that_the_time_is_gone(
    alice: Client, world: World, office: Office
) -> None:
    booking = office.book("Ben Carter")
    alice.post(f"/portal/bookings/{booking.uid}/cancel/")
    office.perform()
    run = newest(world, "cancellation")
    office.book("Carla Dias", start=booking.meeting.starts_at)
    answer = alice.post(f"/portal/what-ran/{run}/undo/")
    assert answer.status_code == 409
    said = words(answer.content)
    assert "It was not undone" in said
    assert "The time is gone" in said
    assert office.read(booking).status == "cancelled"


def test_step_that_a_promise_rests_on_offers_the_run(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    run = newest(world)
    with world.enter("acme"):
        step = Run.objects.get(pk=run).steps.get(action="confirm_booking").pk
    said = words(alice.get(f"/portal/what-ran/{run}/undo/{step}/").content)
    assert "This cannot be undone" in said
    assert "Look at undoing the whole run" in said
    assert alice.post(f"/portal/what-ran/{run}/undo/{step}/").status_code == 409


def test_mail_is_corrected_and_never_called_undone(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    run = newest(world)
    with world.enter("acme"):
        step = Run.objects.get(pk=run).steps.get(action="send_confirmation").pk
    before = len(office.sink.received)
    said = words(alice.get(f"/portal/what-ran/{run}/undo/{step}/").content)
    assert "Send a correction?" in said
    answer = alice.post(f"/portal/what-ran/{run}/undo/{step}/")
    assert (answer.status_code, answer["Location"]) == (303, f"/portal/what-ran/{run}/")
    office.perform()
    assert len(office.sink.received) > before
    said = words(alice.get(f"/portal/what-ran/{run}/").content)
    assert "Corrected" in said


def test_step_of_another_run_is_not_this_runs(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    first = newest(world)
    office.book("Carla Dias")
    with world.enter("acme"):
        step = Run.objects.get(pk=newest(world)).steps.all()[0].pk
    assert alice.get(f"/portal/what-ran/{first}/undo/{step}/").status_code == 404


def test_host_cannot_undo(ana: Client, world: World, office: Office) -> None:
    booking = office.book("Ben Carter")
    assert ana.post(f"/portal/what-ran/{newest(world)}/undo/").status_code == 403
    assert office.read(booking).status == "confirmed"


def test_timeline_costs_its_page_and_a_sentence_for_each_run(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    office.book("Ben Carter")
    alice.get("/portal/what-ran/")  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES + SENTENCE):
        alice.get("/portal/what-ran/")
    office.book("Carla Dias")
    office.book("Dora Esteves")
    with django_assert_num_queries(QUERIES + 3 * SENTENCE):
        alice.get("/portal/what-ran/")


QUERIES = 6  # domain and tenant, session, user; runs, steps, entries
SENTENCE = 2  # a run's sentence reads its booking and whether it was moved
