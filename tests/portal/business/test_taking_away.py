"""Taking everything away from Settings: owners alone, asked again who they are, and also while suspended."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from accounts.api import User
from audit.api import body_of_entry
from audit.models import Entry
from kernel.clock import now
from tenants.api import Tenant
from tenants.exporting.verifying import verify_export
from tests.database import PASSWORD, World
from tests.portal.business.conftest import Office, signed_in
from tests.portal.business.test_booking import words

PATH = "/portal/settings/take-away/"
ASKED = "/accounts/reauthenticate/?next=%2Fportal%2Fsettings%2Ftake-away%2F"


@pytest.fixture
def owner(alice: Client) -> Client:
    """The owner of Acme, who has just given her password again."""
    asked = alice.get(PATH)
    assert (asked.status_code, asked["Location"]) == (302, ASKED)
    assert alice.post(ASKED, {"password": PASSWORD, "next": PATH})["Location"] == PATH
    return alice


def content(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def exports(world: World) -> int:
    with world.enter("acme"):
        return Entry.objects.filter(action="export_business").count()


def test_owner_gets_one_file_that_proves_itself(
    world: World, owner: Client, office: Office, tmp_path: Path
) -> None:
    office.book("Zoe Ångström")
    page = owner.get(PATH)
    assert "It holds your clients’ names and addresses in clear." in words(page.content)
    answer = owner.post(PATH)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"].startswith('attachment; filename="acme-2')
    file = tmp_path / "acme.zip"
    file.write_bytes(content(answer))
    proof = verify_export(file)
    assert proof.first_key in words(page.content)
    assert "Zoe Ångström" in zipfile.ZipFile(file).read("data/booking_booking.jsonl").decode()
    with world.enter("acme"):
        said = body_of_entry(Entry.objects.get(seq=proof.signed_by))
        assert said["actor"] == {
            "type": "user", "id": str(User.objects.get(email="owner@acme.example").pk), "on_behalf_of": None,
        }  # fmt: skip


def test_settings_offer_it_to_owners_and_tell_admins_who_can(world: World, alice: Client) -> None:
    with world.enter("acme"):
        admin = signed_in(
            "acme.localhost", User.objects.create_user("admin@acme.example", name="Aldo", role="admin")
        )
    assert f'href="{PATH}"' in alice.get("/portal/settings/").content.decode()
    assert "An owner can take all of it away in one file." in words(admin.get("/portal/settings/").content)
    refused = admin.post(PATH)
    assert (refused.status_code, exports(world)) == (403, 0)
    assert "it is for an owner of Acme Advisory" in words(refused.content)


def test_a_session_that_was_left_open_gives_nothing_away(world: World, alice: Client) -> None:
    asked = alice.post(PATH)
    assert (asked.status_code, asked["Location"], exports(world)) == (302, ASKED, 0)
    wrong = alice.post(ASKED, {"password": "not this one", "next": PATH})
    assert (wrong.status_code, exports(world)) == (200, 0)
    given = alice.post(ASKED, {"password": PASSWORD, "next": PATH})
    assert zipfile.is_zipfile(io.BytesIO(content(given))), "what was asked for before goes on"
    assert exports(world) == 1


def test_a_suspended_business_can_still_take_what_is_its_own(world: World, owner: Client) -> None:
    Tenant.objects.filter(slug="acme").update(suspended_at=now() - timedelta(days=1))
    assert owner.post(PATH).status_code == 200
    assert owner.post("/portal/settings/pause/").status_code == 403
    assert exports(world) == 1
