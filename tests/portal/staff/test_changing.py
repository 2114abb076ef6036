"""Suspend, resume, delete: what clients, owners and the guard then say, both ledgers, and what is left."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from audit.api import body_of_entry, entries, get_entry, ledger_head
from booking.api import SlotRefused
from jobs.api import Job, drain, perform_owner_jobs
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tenants.api import Domain, Tenant, subject_of
from tests.booking.scene import booked, workday
from tests.database import World
from tests.portal.business.conftest import signed_in
from tests.portal.business.test_booking import words


@pytest.fixture
def alice(world: World) -> Client:
    """The owner of Acme."""
    with world.enter("acme"):
        return signed_in("acme.localhost", User.objects.get(email="owner@acme.example"))


def test_suspended_clients_are_told_the_guard_refuses_and_the_portal_is_read_only(
    world: World, sam: Client, alice: Client
) -> None:
    with world.enter("acme"):
        uid = booked("site-visit", workday(11)).uid
    assert sam.post("/businesses/acme/suspend/")["Location"] == "/businesses/acme/"
    assert "Acme Advisory is suspended." in words(sam.get("/businesses/acme/").content)
    page = Client(headers={"host": "acme.localhost"}).get("/book/site-visit/")
    assert page.status_code == 503
    assert "cannot take bookings at the moment" in words(page.content)
    with world.enter("acme"), pytest.raises(SlotRefused) as refused:
        booked("site-visit", workday(14))
    assert refused.value.code == "tenant_suspended"
    assert "Clients cannot book, and nothing can be changed here" in words(
        alice.get("/portal/bookings/").content
    )
    answer = alice.post(f"/portal/bookings/{uid}/cancel/", {"reason": "x"})
    assert answer.status_code == 403
    assert "Nothing was changed" in words(answer.content)


def test_resumed_everything_is_as_before_and_both_ledgers_say_so(
    world: World, sam: Client, alice: Client
) -> None:
    sam.post("/businesses/acme/suspend/")
    sam.post("/businesses/acme/resume/")
    drain()
    with world.enter("acme"):
        assert booked("site-visit", workday(11)).status == "confirmed"
        own = [body_of_entry(entry) for entry in entries(subject=subject_of(world.acme))]
    assert [entry["action"] for entry in own] == ["tenant.suspended", "tenant.resumed"]
    assert own[0]["actor"]["type"] == "staff"
    with world.enter("staff"):
        ours = [body_of_entry(entry)["action"] for entry in entries(subject=subject_of(world.acme))]
    assert ours == ["suspend_business", "resume_business"]
    said = words(sam.get("/businesses/acme/").content)
    assert "Resumed Acme Advisory" in said
    assert "is suspended" not in words(alice.get("/portal/bookings/").content)


def test_undo_of_a_suspension_is_a_resumption(world: World, sam: Client) -> None:
    sam.post("/businesses/acme/suspend/")
    drain()
    with world.enter("staff"):
        run = entries(subject=subject_of(world.acme))[0].run_id
    assert "takes bookings again" in words(sam.get(f"/what-ran/{run}/undo/").content)
    assert sam.post(f"/what-ran/{run}/undo/").status_code == 303
    assert Tenant.objects.get(slug="acme").suspended_at is None
    assert sam.post(f"/what-ran/{run}/undo/").status_code == 409


def test_suspended_twice_is_said_and_changes_nothing(world: World, sam: Client) -> None:
    for _ in range(2):
        sam.post("/businesses/acme/suspend/")
    with world.enter("staff"):
        assert len(entries(subject=subject_of(world.acme))) == 1
    assert "Somebody else changed this business meanwhile" in words(sam.get("/businesses/acme/").content)


@pytest.mark.parametrize(
    ("suspended", "typed", "said"),
    [
        (False, "Acme Advisory", "Suspend it first"),
        (True, "acme", "That is not its name"),
        (True, "", "not its name"),
    ],
)
def test_deletion_needs_suspension_and_the_name_in_words(
    world: World, sam: Client, suspended: bool, typed: str, said: str
) -> None:
    if suspended:
        sam.post("/businesses/acme/suspend/")
    answer = sam.post("/businesses/acme/delete/", {"name": typed})
    assert answer.status_code == 400
    assert said in words(answer.content)
    with world.as_owner():
        assert perform_owner_jobs() == 0


def test_deleted_nothing_is_left_but_the_proof(
    world: World, sam: Client, settings: Any, tmp_path: Path
) -> None:
    settings.HOLDFAST_CHECKPOINTS = tmp_path
    with world.enter("acme"):
        booked("site-visit", workday(11))
    sam.post("/businesses/acme/suspend/")
    assert "This cannot be undone." in words(sam.get("/businesses/acme/delete/").content)
    where = sam.post("/businesses/acme/delete/", {"name": " Acme  Advisory "})["Location"]
    with world.enter("acme"):
        end = ledger_head()
    assert Tenant.objects.filter(slug="acme").exists(), "web and workers cannot do it"
    with world.as_owner():
        perform_owner_jobs()
    with entered(PUBLIC):
        assert not Tenant.objects.filter(slug="acme").exists()
        assert not Domain.objects.filter(domain="acme.localhost").exists()
        assert not Job.objects.filter(schema=world.acme).exists()
    with world.owner() as raw:
        assert raw.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [world.acme]).fetchone() is None
    assert Client(headers={"host": "acme.localhost"}).get("/").status_code == 404
    assert len(list((tmp_path / world.acme).glob("*.note"))) == 1
    with world.enter("staff"):
        kept, gone = [body_of_entry(entry) for entry in entries(subject=subject_of(world.acme))][-2:]
    assert (kept["action"], gone["action"]) == ("keep_checkpoint", "delete_business")
    assert (kept["payload"]["result"]["entries"], kept["payload"]["result"]["last_hash"]) == end
    assert "Deleted Acme Advisory" in words(sam.get(where).content)
    assert sam.get("/businesses/acme/").status_code == 404
    with world.enter("staff"):
        assert get_entry(int(gone["seq"]))


def test_a_business_that_was_resumed_meanwhile_is_not_deleted(world: World, sam: Client) -> None:
    sam.post("/businesses/acme/suspend/")
    sam.post("/businesses/acme/delete/", {"name": "Acme Advisory"})
    Tenant.objects.filter(slug="acme").update(suspended_at=None)
    with world.as_owner():
        perform_owner_jobs()
    with world.enter("acme"):
        assert booked("site-visit", workday(11)).status == "confirmed"
    assert "It is not suspended any more. Nothing was deleted." in words(sam.get("/what-ran/").content)
    assert now()
