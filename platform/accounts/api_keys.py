"""API keys: made once, shown once, found by their secret, revoked for good."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import ApiKey, User
from audit.api import Actor, record
from kernel.errors import HoldfastError

SCOPES = frozenset({"bookings:read", "bookings:write"})


class UnknownScope(HoldfastError):
    """A scope was asked for that no part of the API checks; nothing was stored."""


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A stored key and its secret in clear; the secret exists nowhere else and cannot be read again."""

    key: ApiKey
    secret: str


def create_api_key(name: str, *, scopes: Iterable[str], created_by: User | None, now: datetime) -> NewApiKey:
    """Store a key named `name` and return it with its secret, "hf_<prefix>_<43 characters>".

    The secret has 256 random bits, so a plain SHA-256 of it is safe to keep. Signed, as its maker's act (the
    automation's without one). Raises UnknownScope.
    """
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise UnknownScope(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(sorted(SCOPES))}.")
    prefix = secrets.token_hex(5)
    secret = f"hf_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            hashed_secret=_hashed(secret),
            scopes=wanted,
            created_by=created_by,
            created_at=now,
        )
        record(
            "create_api_key",
            subject=f"api_key:{key.pk}",
            actor=_actor(created_by),
            payload={"prefix": prefix, "scopes": list(wanted)},
            reversible="full",
            because="Revoking the key takes it back.",
        )
    return NewApiKey(key=key, secret=secret)


def api_keys() -> list[ApiKey]:
    """Return all keys of this tenant with their makers, live ones first, newest first. One query."""
    keys = ApiKey.objects.select_related("created_by").order_by("-pk")
    return sorted(keys, key=lambda key: key.revoked_at is not None)


def find_api_key(secret: str) -> ApiKey | None:
    """Return the live key of this tenant with exactly this secret, or None. One query."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != "hf":
        return None
    key = ApiKey.objects.filter(prefix=parts[1], revoked_at=None).first()
    if key is None or not hmac.compare_digest(key.hashed_secret, _hashed(secret)):
        return None
    return key


def revoke_api_key(key: ApiKey, *, now: datetime, revoked_by: User | None = None) -> bool:
    """End `key` from this moment, signed; returns False when it was revoked before. There is no way back."""
    with transaction.atomic():
        revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
        if revoked:
            record(
                "revoke_api_key",
                subject=f"api_key:{key.pk}",
                actor=_actor(revoked_by),
                payload={"prefix": key.prefix},
                reversible="none",
                because="A revoked key stays revoked: whoever found its secret must not get it back.",
            )
    return revoked


def _actor(user: User | None) -> Actor:
    return Actor("user", str(user.pk)) if user else Actor("automation", "operator")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
