"""What belongs to one business means nothing at another's address: cookies, links, numbers, jobs."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.api import User
from booking.api import get_booking, is_manage_token, manage_token
from booking.links import event_uid
from booking.models import Booking
from jobs.api import Job, drain
from tests.booking.scene import booked, workday
from tests.database import PASSWORD, World

ClientFor = Callable[[str], Client]


@pytest.fixture
def signed_in(world: World, client_for: ClientFor) -> Client:
    """Acme's owner, signed in at Acme's address."""
    client = client_for("acme.localhost")
    client.post("/accounts/login/", {"login": "owner@acme.example", "password": PASSWORD})
    assert client.get("/portal/bookings/").status_code == 200
    return client


@pytest.mark.parametrize("host", ["northwind.localhost", "localhost"])
def test_a_cookie_of_one_tenant_means_nothing_in_another(
    world: World, signed_in: Client, client_for: ClientFor, host: str
) -> None:
    stolen = client_for(host)
    stolen.cookies = signed_in.cookies
    with world.enter("northwind"):
        assert User.objects.filter(pk=1).exists(), "there is somebody whose number the cookie names"
    response = stolen.get("/portal/bookings/" if host != "localhost" else "/")
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_a_password_of_one_tenant_opens_no_other(world: World, client_for: ClientFor) -> None:
    client = client_for("northwind.localhost")
    client.post("/accounts/login/", {"login": "owner@acme.example", "password": PASSWORD})
    assert client.get("/portal/bookings/").status_code == 302


def twins(world: World) -> tuple[Booking, Booking]:
    """Return a booking of each business with the same number, and a uid that both know."""
    with world.enter("acme"):
        ours = booked("site-visit", workday(11))
    with world.enter("northwind"):
        theirs = booked("meet", workday(11))
    assert ours.pk == theirs.pk
    return ours, theirs


def test_a_manage_link_opens_its_own_booking_only(world: World, client_for: ClientFor) -> None:
    ours, theirs = twins(world)
    with world.enter("acme"):
        token = manage_token(ours)
    assert client_for("acme.localhost").get(f"/b/{ours.uid}/{token}/").status_code == 200
    for uid in (ours.uid, theirs.uid):
        assert client_for("northwind.localhost").get(f"/b/{uid}/{token}/").status_code == 404
    with world.superuser("northwind") as database:  # even a booking of the same uid has another link there
        database.execute("SET session_replication_role = replica")
        database.execute("UPDATE booking_booking SET uid = %s", [ours.uid])
    with world.enter("northwind"):
        assert not is_manage_token(get_booking(ours.uid), token)
        assert event_uid("m") == f"m@{world.northwind}.holdfast"
    assert client_for("northwind.localhost").get(f"/b/{ours.uid}/{token}/").status_code == 404


def test_a_number_in_the_portal_is_looked_up_at_home(
    world: World, signed_in: Client, client_for: ClientFor
) -> None:
    ours, theirs = twins(world)
    found = signed_in.get(f"/portal/bookings/{ours.uid}/")
    stranger = signed_in.get(f"/portal/bookings/{theirs.uid}/")
    never = signed_in.get("/portal/bookings/aaaaaaaaaaaaaaaaaaaa/")
    assert (found.status_code, stranger.status_code, never.status_code) == (200, 404, 404)
    assert theirs.uid.encode() not in stranger.content


def test_a_job_is_performed_in_its_own_tenant_whoever_drains(world: World) -> None:
    ours, _ = twins(world)
    with world.enter("staff"):
        Job.objects.filter(schema=world.northwind).update(state="done")
        drain()
    with world.enter("acme"):
        assert set(ours.meeting.__class__.objects.values_list("uid", flat=True)) == {ours.meeting.uid}
        assert list(Job.objects.filter(schema=world.acme).values_list("kind", "state")) != []
    with world.enter("northwind"):
        assert Booking.objects.get().status == "awaiting_link"
