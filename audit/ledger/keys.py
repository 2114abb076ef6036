"""The tenant's keys: Ed25519 for signing and AES-256 for data, stored wrapped by the key-encryption key.

An opened signing key is kept in the process under its id (which is derived from its public key, so a stale
one can never be taken for another). An opened data key is kept beside its wrapped form, which whoever uses it
has compared with the tenant's in the very statement that writes (audit/sql/open_v1.sql).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from audit.ledger.signing import Signer, signer
from audit.ledger.tenants import schemas
from audit.models import DataKey, SigningKey
from kernel import crypto
from kernel.errors import HoldfastError
from kernel.tenancy import current_schema, entered

DATA_KEY_PLACE: Final = "audit_data_key/1"
_AT_ONCE: Final = 50  # tenants whose keys are read in one statement
_opened: dict[tuple[str, str], Signer] = {}
_data_keys: dict[str, tuple[bytes, bytes]] = {}


class LedgerNotFounded(HoldfastError):
    """The tenant has no keys yet: `found_ledger` was never called."""

    code = "key_missing"


class KeysUnusable(HoldfastError):
    """A ledger that is not empty has a key that is missing or cannot be opened: nothing may run."""

    code = "key_missing"


def signing_key(kid: str) -> Signer:
    """The current tenant's signing key. Raises LedgerNotFounded, CannotOpen, KeyMissing."""
    schema = current_schema()
    known = _opened.get((schema, kid))
    if known is None:
        known = _opened[schema, kid] = _open_signing_key(kid)
    return known


def data_key() -> bytes:
    """The current tenant's data key as it is stored now, 32 bytes; one query. Raises LedgerNotFounded, CannotOpen,
    KeyMissing."""
    _, key = _data_keys[current_schema()] = _read_data_key()
    return key


def known_data_key() -> tuple[bytes, bytes]:
    """The current tenant's data key, wrapped and opened, as this process knows it: for who compares the wrapped
    form with the stored one. At most one query. Raises as `data_key`."""
    schema = current_schema()
    known = _data_keys.get(schema)
    if known is None:
        known = _data_keys[schema] = _read_data_key()
    return known


def forget_data_key() -> None:
    """Read the current tenant's data key anew the next time: the known one is not the stored one."""
    _data_keys.pop(current_schema(), None)


def _read_data_key() -> tuple[bytes, bytes]:
    row = DataKey.objects.filter(pk=1).first()
    if row is None:
        raise LedgerNotFounded(f"{current_schema()} has no data key.")
    wrapped_key = bytes(row.wrapped_key)
    return wrapped_key, crypto.unwrap(wrapped_key, aad=DATA_KEY_PLACE)


def check_keys() -> None:
    """Raise KeysUnusable, naming tenant and key, unless every tenant's keys open with this process's KEK.

    Every process calls it before it does anything else. One query for fifty tenants.
    """
    names = schemas()
    for first in range(0, len(names), _AT_ONCE):
        for stored in _stored(names[first : first + _AT_ONCE]):
            with entered(stored.schema):
                _check(stored)


def check_tenant_keys() -> None:
    """The same for the current tenant. An empty ledger without keys is in order: it will be founded."""
    (stored,) = _stored([current_schema()])
    _check(stored)


class _Stored(NamedTuple):
    """What a tenant has stored of its ledger: the head's seq, the signing key in force, the wrapped data key."""

    schema: str
    seq: int | None
    kid: str | None
    private_key: bytes | None
    public_key: bytes | None
    data_key: bytes | None


def _stored(names: Sequence[str]) -> list[_Stored]:
    one = """
        SELECT %s, h.seq, k.kid, k.wrapped_private_key, k.public_key, d.wrapped_key
        FROM (VALUES (1)) AS row (id) LEFT JOIN {0}.audit_head h USING (id) LEFT JOIN {0}.audit_data_key d USING (id)
            LEFT JOIN {0}.audit_key k ON k.valid_to IS NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(one.format(connection.ops.quote_name(name)) for name in names), names
        )
        return [_Stored(*row) for row in cursor.fetchall()]


def _check(stored: _Stored) -> None:
    if stored.seq == 0 and stored.kid is None and stored.data_key is None:
        return
    missing = {"head": stored.seq, "signing key": stored.kid, "data key": stored.data_key}
    if lost := next((name for name, it in missing.items() if it is None), ""):
        raise KeysUnusable(
            f"The ledger of {stored.schema} is not empty, and its {lost} is missing from the database. "
            "Restore the database from a backup; nothing starts without it."
        )
    try:
        _opened_key(str(stored.kid), stored.private_key or b"", stored.public_key or b"")
        crypto.unwrap(bytes(stored.data_key or b""), aad=DATA_KEY_PLACE)
    except (crypto.CannotOpen, crypto.KeyMissing) as error:
        raise KeysUnusable(
            f"The keys of {stored.schema} cannot be opened with this HOLDFAST_KEK: {error.message} "
            "Set the key-encryption key that this installation was made with; beside a new one, as HOLDFAST_KEK_OLD."
        ) from error


def wrapped(seed: bytes, fresh_data_key: bytes) -> tuple[Signer, bytes, bytes]:
    """A new signing key with its wrapped form, and the wrapped form of a new data key."""
    made, wrapped_seed = wrapped_signing_key(seed)
    return made, wrapped_seed, crypto.wrap(fresh_data_key, aad=DATA_KEY_PLACE)


def wrapped_signing_key(seed: bytes) -> tuple[Signer, bytes]:
    """A new signing key, and its secret bytes wrapped for the current tenant."""
    made = signer(seed)
    return made, crypto.wrap(seed, aad=signing_place(made.kid))


def call(function: str, arguments: Sequence[str | bytes]) -> object:
    """The one value that one of the ledger's SQL functions gives."""
    marks = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({marks})", arguments)
        row = cursor.fetchone()
    return row[0] if row else None


def _open_signing_key(kid: str) -> Signer:
    row = SigningKey.objects.filter(kid=kid).first()
    if row is None:
        raise LedgerNotFounded(f"{current_schema()} has no signing key {kid}.")
    return _opened_key(kid, bytes(row.wrapped_private_key), bytes(row.public_key))


def _opened_key(kid: str, wrapped_key: bytes, public_key: bytes) -> Signer:
    opened = signer(crypto.unwrap(wrapped_key, aad=signing_place(kid)))
    if opened.kid != kid or opened.public_key != public_key:
        raise crypto.CannotOpen(f"signing key {kid} does not belong to its public key")
    return opened


def signing_place(kid: str) -> str:
    """Return what a wrapped signing key is bound to."""
    return f"audit_key/{kid}"
