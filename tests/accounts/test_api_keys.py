"""API keys: the secret opens, nothing else does, and nothing of it is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.api import ApiKey, UnknownScope, User, create_api_key, find_api_key, revoke_api_key
from tests.database import World

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_secret_finds_its_key(world: World) -> None:
    with world.enter("acme"):
        owner = User.objects.get(email="owner@acme.example")
        made = create_api_key(
            "Website", scopes=["bookings:write", "bookings:read"], created_by=owner, now=NOW
        )
        found = find_api_key(made.secret)
        assert found == made.key
        assert found.scopes == ["bookings:read", "bookings:write"]
        assert found.created_by == owner


def test_secret_is_not_kept(world: World) -> None:
    with world.enter("acme"):
        made = create_api_key("Website", scopes=[], created_by=None, now=NOW)
        kept = " ".join(str(value) for value in ApiKey.objects.values_list().get())
        assert made.key.prefix in kept
        assert made.secret not in kept
        assert made.secret.split("_", 2)[2] not in kept


def with_another_end(secret: str) -> str:
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


@pytest.mark.parametrize("spoil", [with_another_end, "{}x".format, str.upper])
def test_spoilt_secret_finds_nothing(world: World, spoil: Callable[[str], str]) -> None:
    with world.enter("acme"):
        made = create_api_key("Website", scopes=[], created_by=None, now=NOW)
        assert find_api_key(spoil(made.secret)) is None


@pytest.mark.parametrize("secret", ["", "hf_", "hf_x", "Bearer", "hf__", "xx_" + "a" * 10 + "_b"])
def test_what_is_no_key_finds_nothing(world: World, secret: str) -> None:
    with world.enter("acme"):
        assert find_api_key(secret) is None


def test_key_of_another_tenant_finds_nothing(world: World) -> None:
    with world.enter("acme"):
        made = create_api_key("Website", scopes=[], created_by=None, now=NOW)
        assert find_api_key(made.secret) == made.key
    with world.enter("northwind"):
        assert find_api_key(made.secret) is None


def test_revoked_key_finds_nothing_and_is_revoked_once(world: World) -> None:
    with world.enter("acme"):
        made = create_api_key("Website", scopes=[], created_by=None, now=NOW)
        assert revoke_api_key(made.key, now=NOW) is True
        assert find_api_key(made.secret) is None
        assert revoke_api_key(made.key, now=NOW + timedelta(days=1)) is False
        assert ApiKey.objects.get().revoked_at == NOW


def test_unknown_scope_is_refused_and_nothing_is_stored(world: World) -> None:
    with world.enter("acme"):
        with pytest.raises(UnknownScope, match="Unknown scope: everything"):
            create_api_key("Website", scopes=["bookings:read", "everything"], created_by=None, now=NOW)
        assert ApiKey.objects.count() == 0
