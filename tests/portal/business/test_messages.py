"""Messages: who may read them, as they were written, and what a mail's HTML may do here (nothing)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from providers.api import Message
from tests.database import World
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words


def first_to(world: World, address: str) -> Message:
    with world.enter("acme"):
        return Message.objects.filter(to_address=address).order_by("pk")[0]


def test_list_shows_every_message_with_its_state(alice: Client, office: Office) -> None:
    office.book("Ben Carter")
    said = words(alice.get("/portal/messages/").content)
    for address in ("ben@example.org", "ana@acme.example", "owner@acme.example"):
        assert address in said
    assert said.count(" Sent ") == 3


def test_empty_list_says_what_to_do_first(alice: Client) -> None:
    assert "Nothing was sent yet" in words(alice.get("/portal/messages/").content)


def test_message_shows_text_invite_and_fate(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    message = first_to(world, "ben@example.org")
    page = alice.get(f"/portal/messages/{message.pk}/")
    said = words(page.content)
    assert message.subject in page.content.decode()
    assert "BEGIN:VCALENDAR" in said
    assert re.sub(r"\s+", " ", message.text).strip()[:40] in said
    assert '<iframe class="mail-frame" sandbox title' in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_html_of_a_message_may_do_nothing(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    message = first_to(world, "ben@example.org")
    answer = alice.get(f"/portal/messages/{message.pk}/html/")
    policy = answer["Content-Security-Policy"]
    assert answer.content.decode() == message.html
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_repeat_is_said(alice: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    message = first_to(world, "ben@example.org")
    with world.enter("acme"):
        Message.objects.filter(pk=message.pk).update(repeats=1)
    assert "1 repeat: a crash fell between" in words(alice.get(f"/portal/messages/{message.pk}/").content)
    assert "Sent 1 repeat" in words(alice.get("/portal/messages/").content)


def test_failure_is_said_in_words(alice: Client, world: World, office: Office) -> None:
    office.sink.plan = ["550 at recipient"]
    office.book("Ben Carter")
    message = first_to(world, "ben@example.org")
    assert message.state == "failed"
    said = words(alice.get(f"/portal/messages/{message.pk}/").content)
    assert "It was not delivered" in said
    assert message.failed_words in said


@pytest.mark.parametrize("path", ["", "1/", "1/html/"])
def test_host_is_told_that_owners_see_this(ana: Client, office: Office, path: str) -> None:
    office.book("Ben Carter")
    answer = ana.get(f"/portal/messages/{path}")
    assert answer.status_code == 403
    assert "Owners and admins see this" in words(answer.content)


@pytest.mark.parametrize("path", ["", "1/", "1/html/"])
def test_stranger_is_asked_to_sign_in(stranger: Client, office: Office, path: str) -> None:
    office.book("Ben Carter")
    assert stranger.get(f"/portal/messages/{path}")["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("path", ["999/", "999/html/"])
def test_missing_message_is_said(alice: Client, path: str) -> None:
    answer = alice.get(f"/portal/messages/{path}")
    assert answer.status_code == 404
    assert "No such message" in words(answer.content)


def test_list_costs_the_same_for_one_booking_and_three(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    office.book("Ben Carter")
    alice.get("/portal/messages/")  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES):
        alice.get("/portal/messages/")
    office.book("Carla Dias")
    office.book("Dora Esteves")
    with django_assert_num_queries(QUERIES):
        alice.get("/portal/messages/")


QUERIES = 4  # domain and tenant, session, user; messages
