"""Another key-encryption key: everything is sealed again, then the old one opens nothing and is not needed."""

import io
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models, transaction
from pytest_django import Settings

from accounts.models import User
from accounts.second_factor import SealedMFAAdapter
from audit.api import Actor, Entry, KeysUnusable, check_keys, record, reveal
from audit.ledger import keys, resealing
from audit.models import DataKey
from kernel import crypto
from kernel.clock import now
from kernel.sealed import kinds_of_sealed
from kernel.tenancy import entered
from providers.api import add_webhook_endpoint
from providers.calendars.connections import opened_account, opened_address, password_place
from providers.models import CalendarConnection
from providers.sealing import KINDS
from tests.database import World

ACTOR = Actor("user", "1")


@pytest.fixture(autouse=True)
def nothing_opened() -> Iterator[None]:
    """As in a process that just started."""
    keys._opened.clear()
    keys._data_keys.clear()
    yield
    keys._opened.clear()
    keys._data_keys.clear()


def connection(host: int, kind: str, url: str, secret: str) -> CalendarConnection:
    made = CalendarConnection(
        host_id=host, kind=kind, url=url, username="ana", time_zone="UTC", connected_at=now()
    )
    made.sealed_password = crypto.seal(secret.encode(), aad=password_place(made))
    made.save()
    return made


def furnish() -> None:
    """Give the tenant one secret of several kinds."""
    connection(1, "caldav", "https://dav.example/", "a password")
    connection(1, "ics", "https://feeds.example/#abc", "https://feeds.example/secret.ics")
    add_webhook_endpoint("https://hooks.example/", events=[], now=now(), actor=ACTOR)
    adapter = SealedMFAAdapter()
    Authenticator.objects.create(
        user=User.objects.order_by("pk")[0],
        type="recovery_codes",
        data={
            "seed": adapter.encrypt("a seed"),
            "used_mask": 3,
            "migrated_codes": [adapter.encrypt("a code")],
        },
    )
    with transaction.atomic():
        record("tried", subject="x:1", actor=ACTOR, payload={}, personal={"name": "Zoë"}, person="client:1")


def check_all_opens() -> None:
    """Open every secret of `furnish`, and what the ledger holds of a person."""
    password, address = CalendarConnection.objects.order_by("pk")
    assert opened_account(password).password == "a password"
    assert opened_address(address) == "https://feeds.example/secret.ics"
    data = Authenticator.objects.get().data
    decrypt = SealedMFAAdapter().decrypt
    assert (decrypt(data["seed"]), [decrypt(code) for code in data["migrated_codes"]], data["used_mask"]) == (
        "a seed",
        ["a code"],
        3,
    )
    assert reveal(Entry.objects.get(action="tried")) == {"name": "Zoë"}


def reseal(world: World, *arguments: str) -> list[str]:
    out = io.StringIO()
    with world.as_owner():
        call_command("reseal_secrets", *arguments, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def furnished(world: World, settings: Settings) -> World:
    """Acme has secrets; then a new key is set beside the old one."""
    with world.enter("acme"):
        furnish()
    settings.HOLDFAST_KEK_OLD, settings.HOLDFAST_KEK = settings.HOLDFAST_KEK, crypto.new_key()
    return world


def test_after_resealing_the_new_key_alone_opens_everything(furnished: World, settings: Settings) -> None:
    check_keys()
    lines = reseal(furnished)
    (acme,) = [line for line in lines if " acme: " in line]
    for counted in ("2 calendar passwords", "2 second factors", "1 webhook secrets", "1 signing keys"):
        assert counted in acme
    assert lines[-2:] == [
        "3 resealed now, 0 before.",
        "HOLDFAST_KEK opens everything: HOLDFAST_KEK_OLD is not needed any more.",
    ]
    settings.HOLDFAST_KEK_OLD = b""
    keys._opened.clear()
    check_keys()
    with furnished.enter("acme"):
        check_all_opens()
        with transaction.atomic():  # a process that knew the former data key
            record(
                "again", subject="x:1", actor=ACTOR, payload={}, personal={"name": "Zoë"}, person="client:1"
            )
        assert Entry.objects.filter(action="reseal_secrets").count() == 1


def test_without_resealing_the_new_key_alone_opens_nothing_and_says_so(
    furnished: World, settings: Settings
) -> None:
    settings.HOLDFAST_KEK_OLD = b""
    with pytest.raises(KeysUnusable, match="beside a new one, as HOLDFAST_KEK_OLD"):
        check_keys()
    with pytest.raises(CommandError, match="3 of 3 tenants could not be done: keep HOLDFAST_KEK_OLD"):
        reseal(furnished)


def test_the_old_data_key_opens_no_secret_any_more(furnished: World) -> None:
    with furnished.enter("acme"):
        former = keys.data_key()
    reseal(furnished)
    with furnished.enter("acme"):
        kept = CalendarConnection.objects.order_by("pk")[0]
        with pytest.raises(crypto.CannotOpen):
            crypto.open_with(former, bytes(kept.sealed_password), aad=password_place(kept))


def test_what_is_done_is_not_done_again_and_what_is_left_is_done(furnished: World) -> None:
    assert reseal(furnished, "--tenant", "northwind")[-1] == "1 resealed now, 0 before."
    lines = reseal(furnished)
    assert [line for line in lines if line.startswith("before")] == ["before       northwind"]
    assert "2 resealed now, 1 before." in lines
    with furnished.enter("acme"):
        check_all_opens()


def test_a_death_in_between_leaves_the_tenant_as_it_was(
    furnished: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with furnished.enter("acme"):
        before = bytes(DataKey.objects.get().wrapped_key)

    def dies() -> int:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:
        patched.setattr(resealing, "_signing_keys", dies)
        with pytest.raises(ConnectionAbortedError):
            reseal(furnished, "--tenant", "acme")
    with furnished.enter("acme"):
        assert bytes(DataKey.objects.get().wrapped_key) == before
        check_all_opens()
    reseal(furnished)
    with furnished.enter("acme"):
        check_all_opens()


def test_what_another_process_sealed_meanwhile_is_sealed_again(furnished: World) -> None:
    with furnished.enter("acme"):
        former = keys.data_key()
    with furnished.as_owner(), entered(furnished.acme):
        done = resealing.reseal()
    with furnished.enter("acme"):
        late = CalendarConnection(
            host_id=2,
            kind="caldav",
            url="https://dav.example/",
            username="bob",
            time_zone="UTC",
            connected_at=now(),
        )
        late.sealed_password = crypto.seal_with(former, b"late", aad=password_place(late))
        late.save()
    with furnished.as_owner(), entered(furnished.acme):
        assert (resealing.reseal_late(done), resealing.reseal_late(done)) == (1, 0)
    with furnished.enter("acme"):
        assert opened_account(CalendarConnection.objects.get(username="bob")).password == "late"


def test_every_sealed_column_is_known() -> None:
    """A new one that is not registered would be lost with the old key."""
    sealed = [
        field
        for model in apps.get_app_config("providers").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField) and field.name.startswith("sealed_")
    ]
    assert len(KINDS) == len(sealed)
    assert {kind.name for kind in KINDS} < {kind.name for kind in kinds_of_sealed()}
