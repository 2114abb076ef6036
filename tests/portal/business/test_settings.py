"""Settings: each section changes what clients see, leaves a signed entry, and refuses in words."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.api import User, api_keys, find_api_key
from audit.api import Actor, body_of_entry
from audit.models import Entry
from booking.api import SlotRefused, move
from kernel.clock import now
from tenants.api import Tenant, current_tenant
from tests.database import World
from tests.portal.business.conftest import Office, signed_in
from tests.portal.business.test_booking import words

BUSINESS = {
    "name": "Acme and Sons",
    "tagline": "New words",
    "mode": "company_wide",
    "time_zone": "Europe/Berlin",
}
POSTS = {
    "business": BUSINESS,
    "colour": {"accent": "#ffee00"},
    "logo": {"remove": "yes"},
    "access": {"access": "members", "allowed_domains": ""},
    "pause": {},
    "second-factor": {"required": "yes"},
    "keys": {"name": "CRM", "scopes": ["bookings:read"]},
}


def tenant(world: World) -> Tenant:
    with world.enter("acme"):
        return current_tenant()


def last_entry(world: World) -> dict[str, object]:
    with world.enter("acme"):
        return body_of_entry(Entry.objects.order_by("-seq")[0])


def entries(world: World) -> int:
    with world.enter("acme"):
        return Entry.objects.count()


def image(kind: str, size: tuple[int, int] = (900, 300)) -> SimpleUploadedFile:
    kept = BytesIO()
    Image.new("RGB", size, "#0b6e4f").save(kept, kind)
    return SimpleUploadedFile("logo", kept.getvalue())


@pytest.mark.parametrize("section", POSTS)
def test_only_owners_and_admins_change_anything(
    world: World, section: str, ana: Client, bob: Client, stranger: Client, client_for: object
) -> None:
    before = entries(world)
    for other in (ana, bob):
        assert other.post(f"/portal/settings/{section}/", POSTS[section]).status_code == 403
    anonymous = client_for("acme.localhost")  # type: ignore[operator]
    for other in (stranger, anonymous):
        answer = other.post(f"/portal/settings/{section}/", POSTS[section])
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert entries(world) == before


def test_host_sees_the_own_sign_in_and_nothing_of_the_business(ana: Client) -> None:
    said = words(ana.get("/portal/settings/").content)
    assert "ana@acme.example" in said
    assert "Who may open the page" not in said


def test_business_is_changed_for_clients_and_signed_with_what_was_before(alice: Client, world: World) -> None:
    answer = alice.post("/portal/settings/business/", BUSINESS)
    assert (answer.status_code, answer["Location"]) == (303, "/portal/settings/#business")
    kept = tenant(world)
    assert [kept.name, kept.tagline, kept.mode, kept.time_zone] == list(BUSINESS.values())
    entry = last_entry(world)
    assert (entry["action"], entry["reversible"]) == ("change_settings", "full")
    assert entry["payload"]["before"]["name"] == "Acme Advisory"  # type: ignore[index]
    assert "Acme and Sons" in words(Client(headers={"host": "acme.localhost"}).get("/").content)


@pytest.mark.parametrize(
    ("section", "data", "fault"),
    [
        ("business", BUSINESS | {"name": " "}, "A business needs a name."),
        ("business", BUSINESS | {"time_zone": "Mars/Base"}, "This time zone is not known."),
        ("business", BUSINESS | {"mode": "secret"}, "Select a valid choice."),
        ("colour", {"accent": "red"}, "A colour looks like #1f6a57."),
        ("access", {"access": "domains", "allowed_domains": " "}, "Write at least one domain"),
        ("access", {"access": "domains", "allowed_domains": "not a domain"}, "“not” is not a domain."),
        ("access", {"allowed_domains": ""}, "Choose who may open the page."),
        ("logo", {}, "Choose an image first."),
        ("keys", {"name": "", "scopes": ["bookings:read"]}, "Name it"),
        ("keys", {"name": "X", "scopes": ["everything"]}, "Select a valid choice."),
    ],
)
def test_wrong_form_is_answered_in_words_and_changes_nothing(
    alice: Client, world: World, section: str, data: dict[str, str], fault: str
) -> None:
    before = entries(world)
    answer = alice.post(f"/portal/settings/{section}/", data)
    assert (answer.status_code, fault in words(answer.content)) == (422, True)
    assert entries(world) == before


def test_colour_is_tried_before_it_is_saved_and_shown_corrected(alice: Client, world: World) -> None:
    tried = alice.get("/portal/settings/?accent=%23ffee00").content.decode()
    assert "Tried, not saved yet" in tried
    assert "moved darker" in tried
    assert re.search(r"Light pages: 1\.\d:1 becomes 4\.\d:1", tried)
    assert tenant(world).accent == "#0b6e4f"
    alice.post("/portal/settings/colour/", {"accent": "#FFEE00"})
    assert tenant(world).accent == "#ffee00"


def test_paused_business_says_so_refuses_every_new_booking_and_resumes_in_one_click(
    alice: Client, world: World, office: Office, client_for: object
) -> None:
    kept = office.book()
    start = office.open_slots()[1].start
    client = client_for("acme.localhost")  # type: ignore[operator]
    alice.post("/portal/settings/pause/")
    page = client.get("/book/site-visit/")
    assert (page.status_code, "has paused new bookings" in words(page.content)) == (503, True)
    day = start.date()
    query = f"/api/v1/slots?event_type=site-visit&start={day}&end={day}&explain=1"
    answer = client.get(query).json()
    assert answer["slots"] == {}
    assert "tenant_paused" in {each["reason"] for each in answer["withheld"]}
    body = {
        "event_type": "site-visit", "start": start.isoformat(), "time_zone": "UTC",
        "attendee": {"name": "Ben", "email": "ben@example.org"},
    }  # fmt: skip
    refused = client.post("/api/v1/bookings", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "tenant_paused")
    with world.enter("acme"), pytest.raises(SlotRefused) as refusal:
        move(kept, start=start, now=now(), actor=Actor("client", kept.uid))
    assert refusal.value.code == "tenant_paused"
    assert office.read(kept).status == "confirmed"
    assert last_entry(world)["action"] == "pause_bookings"
    alice.post("/portal/settings/pause/", {"resume": "yes"})
    assert last_entry(world)["action"] == "resume_bookings"
    assert client.get("/book/site-visit/").status_code == 200


@pytest.mark.parametrize(
    ("kind", "served"), [("PNG", "image/png"), ("WEBP", "image/png"), ("JPEG", "image/jpeg")]
)
def test_logo_is_encoded_anew_and_served_at_an_address_of_its_own(
    alice: Client, world: World, client_for: object, kind: str, served: str
) -> None:
    answer = alice.post("/portal/settings/logo/", {"logo": image(kind)})
    assert answer.status_code == 303
    client = client_for("acme.localhost")  # type: ignore[operator]
    (address,) = re.findall(r'class="mark logo large" src="([^"]+)"', client.get("/").content.decode())
    shown = client.get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, served)
    assert "immutable" in shown["Cache-Control"]
    assert Image.open(BytesIO(shown.content)).size == (512, 171)
    alice.post("/portal/settings/logo/", {"remove": "yes"})
    assert client.get(address).status_code == 404
    assert last_entry(world)["action"] == "remove_logo"


def test_what_is_no_image_is_refused(alice: Client, world: World) -> None:
    script = SimpleUploadedFile(
        "logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
    )
    large = SimpleUploadedFile("logo.png", image("PNG").read() + b"\0" * 600_000)
    bomb = image("PNG", (6000, 6000))
    cut = SimpleUploadedFile("logo.png", image("PNG").read()[:200])
    for upload, fault in (
        (script, "not a PNG, JPEG or WebP"),
        (large, "larger than 512 KB"),
        (bomb, "too many pixels"),
        (cut, "not a PNG, JPEG or WebP"),
    ):
        answer = alice.post("/portal/settings/logo/", {"logo": upload})
        assert (answer.status_code, fault in words(answer.content)) == (422, True), fault
    assert tenant(world).logo_digest == ""


def test_key_is_shown_once_works_and_is_revoked_for_good(alice: Client, world: World) -> None:
    answer = alice.post("/portal/settings/keys/", {"name": "CRM", "scopes": ["bookings:read"]})
    assert answer.status_code == 303
    entry = last_entry(world)
    assert (entry["action"], entry["payload"]["scopes"]) == ("create_api_key", ["bookings:read"])  # type: ignore[index]
    (secret,) = re.findall(r"hf_[0-9a-f]{10}_[\w-]{43}", alice.get("/portal/settings/keys/").content.decode())
    assert secret not in alice.get("/portal/settings/keys/").content.decode()
    with world.enter("acme"):
        assert find_api_key(secret) == api_keys()[0]
        key = api_keys()[0].pk
        assert secret not in str([body_of_entry(each) for each in Entry.objects.all()])
    assert "refused from this moment" in words(alice.get(f"/portal/settings/keys/{key}/revoke/").content)
    assert alice.post(f"/portal/settings/keys/{key}/revoke/").status_code == 303
    with world.enter("acme"):
        assert find_api_key(secret) is None
    assert last_entry(world)["action"] == "revoke_api_key"
    assert alice.post("/portal/settings/keys/99999/revoke/").status_code == 404


def test_second_factor_is_the_owner_s_to_require(alice: Client, world: World) -> None:
    with world.enter("acme"):
        admin = User.objects.create_user("admin@acme.example", name="Ada", role="admin")
        ada = signed_in("acme.localhost", admin)
    ada.post("/portal/settings/second-factor/", {"required": "yes"})
    assert tenant(world).requires_second_factor is False
    alice.post("/portal/settings/second-factor/", {"required": "yes"})
    assert tenant(world).requires_second_factor is True
