"""The authenticator app from its secret to the sign-in, recovery codes, and what neither lets pass."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.api import User
from audit.api import body_of_entry
from audit.models import Entry
from tenants.api import Tenant
from tests.accounts.totp import totp
from tests.database import PASSWORD, World

ClientFor = Callable[[str], Client]
OWNER = "owner@acme.example"


def sign_in(client: Client, password: str = PASSWORD) -> str:
    """Send address and password; return where that leads."""
    answer = client.post("/accounts/login/", {"login": OWNER, "password": password})
    return str(answer["Location"])


def enrol(client: Client) -> tuple[str, list[str]]:
    """Set an app up; return its secret and the recovery codes that are shown once."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    (secret,) = re.findall(r'readonly value="([A-Z2-7]+)"', page)
    assert '<svg class="qr"' in page
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    codes = re.findall(r"<code>(\d{8})</code>", client.get(answer["Location"]).content.decode())
    return secret, codes


@pytest.fixture
def alice(client_for: ClientFor) -> Client:
    client = client_for("acme.localhost")
    assert sign_in(client) == "/portal/"
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})  # before any change of the sign-in
    return client


def test_app_is_set_up_and_asked_for_at_the_next_sign_in(
    alice: Client, client_for: ClientFor, world: World
) -> None:
    secret, codes = enrol(alice)
    assert len(codes) == 10
    other = client_for("acme.localhost")
    assert sign_in(other) == "/accounts/2fa/authenticate/"
    assert other.get("/portal/bookings/").status_code == 302  # the password alone opens nothing
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()
    right = other.post("/accounts/2fa/authenticate/", {"code": totp(secret, step=1)})
    assert right["Location"] == "/portal/"
    assert other.get("/portal/bookings/").status_code == 200
    with world.enter("acme"):
        kept = Authenticator.objects.get(type="totp").data["secret"]
        assert secret not in kept
        signed = [body_of_entry(entry) for entry in Entry.objects.order_by("-seq")[:2]]
    assert {(entry["action"], entry["payload"]["kind"]) for entry in signed} == {
        ("add_second_factor", "totp"),
        ("add_second_factor", "recovery_codes"),
    }


def test_code_counts_once(alice: Client, client_for: ClientFor) -> None:
    secret, _ = enrol(alice)
    code = totp(secret, step=1)
    first, second = client_for("acme.localhost"), client_for("acme.localhost")
    for client in (first, second):
        sign_in(client)
    assert first.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    replayed = second.post("/accounts/2fa/authenticate/", {"code": code})
    assert "This code was used already" in replayed.content.decode()


def test_recovery_code_signs_in_once_and_is_never_shown_again(alice: Client, client_for: ClientFor) -> None:
    _, codes = enrol(alice)
    assert codes[0] not in alice.get("/accounts/2fa/recovery-codes/").content.decode()
    for is_first in (True, False):
        client = client_for("acme.localhost")
        sign_in(client)
        answer = client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert (answer.status_code == 302) is is_first


def test_sixth_guess_of_a_code_is_refused_though_it_is_right(alice: Client, client_for: ClientFor) -> None:
    secret, _ = enrol(alice)
    client = client_for("acme.localhost")
    sign_in(client)
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/accounts/2fa/authenticate/", {"code": totp(secret, step=1)})
    assert "Too many codes. Wait 5 minutes" in answer.content.decode()


def test_change_of_the_sign_in_asks_again_who_it_is(world: World, client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    with world.enter("acme"):
        client.force_login(User.objects.get(email=OWNER))  # signed in long ago
    answer = client.get("/accounts/2fa/totp/activate/")
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert "Is it you?" in client.get(answer["Location"]).content.decode()
    again = client.post(answer["Location"], {"password": PASSWORD, "next": "/accounts/2fa/totp/activate/"})
    assert again["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get(again["Location"]).status_code == 200


def test_password_is_changed_signed_and_ends_the_other_devices(
    alice: Client, client_for: ClientFor, world: World
) -> None:
    other = client_for("acme.localhost")
    sign_in(other)
    assert "Signed in on 1 other device." in alice.get("/accounts/2fa/").content.decode()
    new = "seven quiet herons"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert alice.post("/accounts/password/change/", data).status_code == 302
    assert other.get("/portal/bookings/").status_code == 302
    with world.enter("acme"):
        assert Entry.objects.order_by("-seq")[0].action == "change_password"
    assert sign_in(client_for("acme.localhost"), new) == "/portal/"


def test_other_devices_are_signed_out_and_somebody_else_s_are_not(
    alice: Client, client_for: ClientFor, world: World
) -> None:
    other, ana = client_for("acme.localhost"), client_for("acme.localhost")
    sign_in(other)
    with world.enter("acme"):
        ana.force_login(User.objects.get(email="ana@acme.example"))
    assert alice.post("/accounts/2fa/elsewhere/").status_code == 303
    assert alice.get("/portal/bookings/").status_code == 200
    assert ana.get("/portal/bookings/").status_code == 200
    assert other.get("/portal/bookings/").status_code == 302


def test_owner_without_the_second_factor_that_is_asked_for_sets_it_up_first(
    alice: Client, client_for: ClientFor, world: World
) -> None:
    with world.enter("acme"):
        Tenant.objects.filter(slug="acme").update(requires_second_factor=True)
        ana = client_for("acme.localhost")
        ana.force_login(User.objects.get(email="ana@acme.example"))
    assert alice.get("/portal/bookings/")["Location"] == "/accounts/2fa/"
    assert "asks for a second factor" in alice.get("/accounts/2fa/").content.decode()
    enrol(alice)
    assert alice.get("/portal/bookings/").status_code == 200
    assert ana.get("/portal/bookings/").status_code == 200  # hosts are not asked


@pytest.mark.parametrize(
    "path",
    [
        "",
        "totp/activate/",
        "totp/deactivate/",
        "webauthn/",
        "webauthn/add/",
        "recovery-codes/",
        "recovery-codes/generate/",
    ],
)
def test_pages_ask_for_the_sign_in_and_another_business_s_session_is_none(
    world: World, client_for: ClientFor, path: str
) -> None:
    stranger = client_for("northwind.localhost")
    with world.enter("northwind"):
        stranger.force_login(User.objects.get(email="owner@northwind.example"))
    stranger.defaults["HTTP_HOST"] = "acme.localhost"
    for client in (client_for("acme.localhost"), stranger):
        answer = client.get(f"/accounts/2fa/{path}")
        assert (answer.status_code, answer["Location"].split("?")[0]) in (
            (302, "/accounts/login/"),
            (302, "/accounts/reauthenticate/"),
        )


def test_passkey_options_name_this_host_and_no_account(client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    options = client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "acme.localhost"
    assert not options["request_options"]["publicKey"].get("allowCredentials")
    wrong = client.post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    assert (wrong.status_code, wrong["Location"]) == (302, "/accounts/login/")
