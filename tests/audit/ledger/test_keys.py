"""The tenant's keys: founded once, exchanged in the open, and nothing starts when they do not open."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from audit.api import (
    Actor,
    Entry,
    KeysUnusable,
    body_of_entry,
    check_keys,
    found_ledger,
    public_keys,
    record,
    rotate_signing_key,
)
from audit.ledger import keys
from audit.models import SigningKey
from kernel import crypto
from tests.database import World

ACTOR = Actor("staff", "1")


@pytest.fixture(autouse=True)
def nothing_opened() -> Iterator[None]:
    """As in a process that just started: no signing key was opened yet."""
    keys._opened.clear()
    yield
    keys._opened.clear()


def test_founded_ledger_is_not_founded_again(world: World) -> None:
    with world.enter("acme"):
        before = Entry.objects.count()
        assert found_ledger() is False
        assert (Entry.objects.count(), SigningKey.objects.count()) == (before, 1)
        first = body_of_entry(Entry.objects.get(seq=1))
        assert first["action"] == "ledger.founded"
        assert first["payload"]["kid"] == first["kid"] == SigningKey.objects.get().kid


def test_keys_that_open_let_everything_start(world: World) -> None:
    check_keys()


def test_another_key_encryption_key_stops_everything(world: World, settings: Settings) -> None:
    settings.HOLDFAST_KEK = crypto.new_key()
    with pytest.raises(KeysUnusable, match=r"The keys of \w+ cannot be opened with this HOLDFAST_KEK"):
        check_keys()
    settings.HOLDFAST_KEK = b"\0" * 32
    with pytest.raises(KeysUnusable, match="The key-encryption key is not set"):
        check_keys()


@pytest.mark.parametrize(
    ("table", "lost"), [("audit_key", "signing key"), ("audit_data_key", "data key"), ("audit_head", "head")]
)
def test_lost_key_stops_everything(world: World, table: str, lost: str) -> None:
    with world.superuser("northwind") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(f"DELETE FROM {table}")
    with pytest.raises(KeysUnusable, match=f"{world.northwind} is not empty, and its {lost} is missing"):
        check_keys()


def test_keys_of_another_tenant_do_not_open(world: World) -> None:
    with world.superuser() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            f"UPDATE {world.acme}.audit_data_key SET wrapped_key ="
            f" (SELECT wrapped_key FROM {world.northwind}.audit_data_key)"
        )
    with pytest.raises(KeysUnusable, match="it was altered, or belongs to another place"):
        check_keys()


def test_empty_ledger_without_keys_may_start(world: World) -> None:
    with world.superuser("acme") as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM audit_entry; DELETE FROM audit_key; DELETE FROM audit_data_key")
        superuser.execute("UPDATE audit_head SET seq = 0, last_at = to_timestamp(0), hash = '\\x00'")
    check_keys()


def test_key_exchange_is_announced_by_the_old_key(world: World) -> None:
    with world.enter("acme"):
        old = SigningKey.objects.get().kid
        new = rotate_signing_key(actor=ACTOR)
        with transaction.atomic():
            record("said", subject="meeting:m1", actor=ACTOR, payload={})
        announced, said = Entry.objects.order_by("-seq")[:2][::-1]
        assert (announced.action, announced.kid, said.kid) == ("ledger.key_rotated", old, new)
        assert body_of_entry(announced)["payload"]["kid"] == new
        published = [(key["kid"], key["valid_from"], key["valid_to"]) for key in public_keys()]
        assert published == [(old, "1", str(announced.seq)), (new, str(announced.seq + 1), None)]


def test_data_key_seals_fields_of_its_tenant_only(world: World) -> None:
    with world.enter("acme"):
        blob = crypto.seal(b"password", aad="calendar/1")
        assert crypto.open_sealed(blob, aad="calendar/1") == b"password"
    with world.enter("northwind"), pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(blob, aad="calendar/1")
