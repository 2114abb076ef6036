"""Invitations: mailed outside the outbox, good once and for seven days, void when renewed or withdrawn."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.api import Invitation, User, find_invitation, invitation_link
from audit.api import body_of_entry, entries
from booking.api import Host, Resource
from providers.api import Message
from tests.database import World
from tests.portal.business.conftest import Office

HERE = "/portal/people/"
CARLA = {"name": "Carla Dias", "email": "Carla@Example.org", "role": "host"}
CHOSEN = {"password1": "three unusual words", "password2": "three unusual words"}


@pytest.fixture
def mailed(settings: Any, office: Office) -> Office:
    """Django's own mails go to the sink, too."""
    host, port = office.sink.url.removeprefix("smtp://").split(":")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = host, int(port)
    return office


def link(world: World) -> str:
    """The path of the newest open invitation's link."""
    with world.enter("acme"):
        address = invitation_link(Invitation.objects.latest("pk"))
    return re.sub(r"^http://acme\.localhost(:\d+)?", "", address)


def guest(host: str = "acme.localhost") -> Client:
    return Client(headers={"host": host})


def test_invited_host_waits_unseen_then_sets_a_password_and_is_there(
    alice: Client, world: World, mailed: Office
) -> None:
    assert alice.post(f"{HERE}invite/", CARLA).status_code == 303
    (mail,) = mailed.sink.received
    assert mail.recipients == ("carla@example.org",)
    assert mail.mail["Subject"] == "Acme Advisory invites you"
    found = re.search(r"http://acme\.localhost(?::\d+)?(/accounts/invitation/\S+)", mail.mail.get_content())
    assert found is not None
    path = found[1]
    assert guest().get("/with/carla-dias/").status_code == 404
    assert "Invited" in alice.get(HERE).content.decode()
    with world.enter("acme"):
        assert Message.objects.count() == 0, "nobody reads the link in Messages"
        assert User.objects.filter(email="carla@example.org").count() == 0
    page = guest().get(path).content.decode()
    assert "Welcome, <bdi>Carla Dias</bdi>" in page
    accepted = guest().post(path, CHOSEN)
    assert (accepted.status_code, accepted["Location"]) == (303, "/accounts/login/")
    client = guest()
    client.post("/accounts/login/", {"login": "carla@example.org", "password": CHOSEN["password1"]})
    assert client.get("/portal/hours/", follow=True).status_code == 200
    assert client.get(HERE).status_code == 403
    assert guest().get("/with/carla-dias/").status_code == 200
    assert guest().post(path, CHOSEN).status_code == 410
    with world.enter("acme"):
        user = User.objects.get(email="carla@example.org")
        host = Host.objects.get(slug="carla-dias")
        assert (user.role, user.host_id, host.user_id, host.active) == ("host", host.pk, user.pk, True)
        said = body_of_entry(entries(subject=f"user:{user.pk}")[0])
        assert (said["action"], said["actor"]["id"]) == ("accept_invitation", str(user.pk))
        invitation = Invitation.objects.get()
        for entry in entries(subject=f"invitation:{invitation.pk}"):
            assert "carla" not in bytes(entry.body).decode().lower()


def test_admin_is_invited_without_a_host_or_with_one(alice: Client, world: World, mailed: Office) -> None:
    alice.post(f"{HERE}invite/", CARLA | {"role": "admin"})
    with world.enter("acme"):
        assert Invitation.objects.get().host_id is None
    alice.post(f"{HERE}invite/", CARLA | {"role": "owner", "email": "d@example.org", "takes_bookings": "on"})
    with world.enter("acme"):
        assert Host.objects.get(pk=Invitation.objects.latest("pk").host_id).active is False


def test_a_renewed_link_makes_the_old_one_void(alice: Client, world: World, mailed: Office) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    old = link(world)
    with world.enter("acme"):
        pk = Invitation.objects.get().pk
    assert alice.post(f"{HERE}invitations/{pk}/resend/").status_code == 303
    assert len(mailed.sink.received) == 2
    assert guest().get(old).status_code == 410
    assert guest().get(link(world)).status_code == 200


def test_withdrawn_means_void_and_the_waiting_host_goes(alice: Client, world: World, mailed: Office) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    path = link(world)
    with world.enter("acme"):
        pk = Invitation.objects.get().pk
    alice.post(f"{HERE}invitations/{pk}/withdraw/")
    assert guest().get(path).status_code == 410
    assert guest().post(path, CHOSEN).status_code == 410
    with world.enter("acme"):
        assert Host.objects.filter(slug="carla-dias").count() == 0
        assert Resource.objects.filter(name="Carla Dias").count() == 0
    again = alice.post(f"{HERE}invitations/{pk}/withdraw/", follow=True)
    assert "accepted or withdrawn already" in again.content.decode()


def test_after_seven_days_it_is_over_and_can_be_sent_again(
    alice: Client, world: World, mailed: Office
) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    path = link(world)
    with world.enter("acme"):
        found = Invitation.objects.get()
        assert found.expires_at - found.created_at == timedelta(days=7)
        Invitation.objects.update(expires_at=found.created_at)
    assert guest().get(path).status_code == 410
    assert "Invitation ran out" in alice.get(HERE).content.decode()
    alice.post(f"{HERE}invitations/{found.pk}/resend/")
    assert guest().get(link(world)).status_code == 200


def test_a_link_means_nothing_at_another_business_nor_when_changed(
    alice: Client, world: World, mailed: Office
) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    path = link(world)
    assert guest("northwind.localhost").get(path).status_code == 410
    assert guest().get(path[:-3] + "x/").status_code == 410
    assert guest().get("/accounts/invitation/nonsense/").status_code == 410


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "three unusual words", "password2": "other"}, "same password"),
        ({}, "required"),
    ],
)
def test_a_bad_password_is_said_and_the_link_still_works(
    alice: Client, world: World, mailed: Office, chosen: dict[str, str], words: str
) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    answer = guest().post(link(world), chosen)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert guest().get(link(world)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Write the name of who comes."),
        ({"email": "carla"}, "This is not an e-mail address."),
        ({"email": "ANA@acme.example"}, "has an account here already"),
        ({"role": "king"}, "Choose a role."),
    ],
)
def test_who_cannot_be_invited_is_said_on_the_field(
    alice: Client, world: World, changed: dict[str, str], words: str
) -> None:
    answer = alice.post(f"{HERE}invite/", CARLA | changed)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    with world.enter("acme"):
        assert (Invitation.objects.count(), Host.objects.count()) == (0, 1)


def test_nobody_is_invited_twice(alice: Client, world: World, mailed: Office) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    twice = alice.post(f"{HERE}invite/", CARLA)
    assert "This address is invited already." in twice.content.decode()
    with world.enter("acme"):
        assert (Invitation.objects.count(), Host.objects.filter(name="Carla Dias").count()) == (1, 1)


def test_without_a_mail_server_the_invitation_stands_and_the_page_says_so(
    alice: Client, world: World, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = alice.post(f"{HERE}invite/", CARLA, follow=True).content.decode()
    assert "no mail server took the mail" in page
    assert guest().get(link(world)).status_code == 200


def test_a_host_without_sign_in_is_invited_to_it(alice: Client, world: World, mailed: Office) -> None:
    with world.enter("acme"):
        User.objects.filter(email="ana@acme.example").delete()
        host = Host.objects.get(slug="ana")
        Host.objects.filter(pk=host.pk).update(user_id=None)
    page = alice.get(f"{HERE}invite/?host={host.pk}").content.decode()
    assert "Invite Ana Martins to sign in" in page
    invited = {"name": "Ana Martins", "email": "ana@acme.example", "role": "host"}
    alice.post(f"{HERE}invite/?host={host.pk}", invited)
    guest().post(link(world), CHOSEN)
    with world.enter("acme"):
        assert User.objects.get(email="ana@acme.example").host_id == host.pk
        assert Host.objects.get(slug="ana").user_id is not None


def test_the_token_is_looked_up_in_its_own_business(alice: Client, world: World, mailed: Office) -> None:
    alice.post(f"{HERE}invite/", CARLA)
    token = link(world).split("/")[-2]
    with world.enter("acme"):
        found = Invitation.objects.get()
        assert find_invitation(token, now=found.created_at).pk == found.pk
