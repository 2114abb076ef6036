"""A booking that waits for its host: decided in the portal, by a link of the mail, or over the API."""

import re

import pytest
from django.test import Client

from accounts.api import create_api_key
from booking.api import Booking, EventType
from tests.booking.scene import now
from tests.database import World
from tests.portal.api.asking import bearer, read, send
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words

LINK = re.compile(r"http://acme\.localhost(/decide/\S+)")


@pytest.fixture
def waiting(world: World, office: Office) -> Booking:
    """A site visit that waits for Ana."""
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(requires_approval=True)
    return office.book("Ben Carter")


def page(booking: Booking) -> str:
    return f"/portal/bookings/{booking.uid}/"


def link(office: Office) -> str:
    (mail,) = [
        each.mail for each in office.sink.received if str(each.mail["Subject"]).startswith("Please decide")
    ]
    body = mail.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content().replace(":8000", ""))
    assert found is not None
    return found[1]


def test_its_host_approves_it(ana: Client, office: Office, waiting: Booking) -> None:
    said = words(ana.get(page(waiting)).content)
    assert "Waits for approval" in said
    assert "hx-get" not in ana.get(page(waiting)).content.decode().partition('id="live"')[2][:200]
    assert ana.post(f"{page(waiting)}approve/").status_code == 303
    assert office.read(waiting).status == "confirmed"
    again = ana.post(f"{page(waiting)}approve/")
    assert (again.status_code, "cannot be approved any more" in words(again.content)) == (409, True)


def test_who_decides_reads_where_the_client_wants_to_meet(
    world: World, office: Office, waiting: Booking
) -> None:
    more = [{"kind": "in_person", "detail": "12 Quay Street"}]
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(location_detail="Elsewhere", more_locations=more)
    page = Client(headers={"host": "acme.localhost"}).get(link(office)).content
    assert "Where In person, Rua do Alecrim 26, Lisboa" in words(page)


def test_its_host_declines_it_with_a_reason(ana: Client, office: Office, waiting: Booking) -> None:
    assert "Decline this booking?" in words(ana.get(f"{page(waiting)}decline/").content)
    assert ana.post(f"{page(waiting)}decline/", {"reason": "Away"}).status_code == 303
    declined = office.read(waiting)
    assert (declined.status, declined.cancel_reason) == ("declined", "Away")
    assert "nothing to decide" in words(ana.get(f"{page(waiting)}decline/").content)
    assert ana.post(f"{page(waiting)}decline/").status_code == 409


def test_nobody_else_decides(bob: Client, stranger: Client, office: Office, waiting: Booking) -> None:
    for somebody in (bob, stranger):
        for act in ("approve/", "decline/"):
            assert somebody.post(page(waiting) + act).status_code in (302, 404)
    assert office.read(waiting).status == "pending"


def test_the_link_of_the_mail_shows_and_only_its_button_acts(
    client_for: object, office: Office, waiting: Booking
) -> None:
    visitor, address = Client(headers={"host": "acme.localhost"}), link(office)
    for _ in range(2):  # a mail scanner follows links
        assert "Ben Carter asks for this time" in words(visitor.get(address).content)
    assert office.read(waiting).status == "pending"
    assert visitor.post(address, {"act": "approve"}).status_code == 303
    assert office.read(waiting).status == "confirmed"
    assert "You approved this booking" in words(visitor.get(address).content)
    assert visitor.post(address, {"act": "decline"}).status_code == 409


def test_the_link_declines_too(office: Office, waiting: Booking) -> None:
    visitor, address = Client(headers={"host": "acme.localhost"}), link(office)
    assert visitor.post(address, {"act": "decline", "reason": "Away"}).status_code == 303
    assert office.read(waiting).status == "declined"
    assert "You declined this booking" in words(visitor.get(address).content)


def test_another_token_is_nothing(office: Office, waiting: Booking) -> None:
    address = link(office)
    wrong = re.sub(r"[^/]+/$", "A" * 32 + "/", address)
    assert Client(headers={"host": "acme.localhost"}).get(wrong).status_code == 404


def test_an_api_key_decides_and_a_manage_token_does_not(
    world: World, office: Office, waiting: Booking
) -> None:
    from booking.api import manage_token

    client = Client(headers={"host": "acme.localhost"})
    with world.enter("acme"):
        key = create_api_key("erp", scopes=["bookings:write"], created_by=None, now=now()).secret
        token = manage_token(waiting)
    address = f"/api/v1/bookings/{waiting.uid}"
    for act in ("approve", "decline"):
        assert send(client, f"{address}/{act}", {}, headers=bearer(token)).status_code == 401
    answer = send(client, f"{address}/approve", {}, headers=bearer(key))
    assert (answer.status_code, read(answer)["status"]) == (200, "confirmed")
    refused = send(client, f"{address}/decline", {"reason": "No"}, headers=bearer(key))
    assert (refused.status_code, read(refused)["code"]) == (409, "invalid_request")


def test_the_form_asks_for_approval(alice: Client, world: World) -> None:
    from tests.portal.business.test_meeting_types import HERE, form, the

    assert (
        alice.post(f"{HERE}new/", form(world, requires_approval="on", approval_hours="6")).status_code == 303
    )
    made = the(world, "second-opinion")
    assert (made.requires_approval, made.approval_minutes) == (True, 360)
    assert 'name="requires_approval" checked' in alice.get(f"{HERE}{made.pk}/").content.decode()


def test_the_client_reads_that_it_waits_and_that_it_was_declined(
    ana: Client, world: World, waiting: Booking
) -> None:
    from booking.api import manage_url

    visitor = Client(headers={"host": "acme.localhost"})
    with world.enter("acme"):
        address = "/b/" + manage_url(waiting).partition("/b/")[2]
    assert "Waiting for your host" in words(visitor.get(address).content)
    assert "Your host accepts" in words(visitor.get(address).content)
    ana.post(f"{page(waiting)}decline/", {"reason": "Away"})
    assert "They wrote: “ Away ”" in words(visitor.get(address).content)
