"""Encryption at rest: AES-256-GCM with associated data, one key-encryption key outside the database.

Not Fernet: a Fernet token carries no associated data, so it can be moved to another row unseen. Every blob
made here names the key that made it and is bound to the place it was made for (tenant, table, row, field),
so a blob that is moved, or opened with another key, is refused.

Blob: version (1 byte, 0x01), key id (8), nonce (12), ciphertext and tag (16 bytes longer than the plaintext).
"""

import hashlib
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from kernel.errors import HoldfastError
from kernel.tenancy import current_schema

KEY_BYTES: Final = 32

_VERSION: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_VERSION) + _KEY_ID_BYTES


_data_key: list[tuple[Callable[[], bytes], Callable[[], bytes] | None]] = []


class CannotOpen(HoldfastError):
    """The blob was made by another key, for another place, or was altered."""

    code = "cannot_open"

    def __init__(self, because: str) -> None:
        super().__init__(f"Encrypted data cannot be opened: {because}.")


class KeyMissing(HoldfastError):
    """There is no key to encrypt or open with; the message says which, and how to set it."""

    code = "key_missing"


def seal(plaintext: bytes, *, aad: str) -> bytes:
    """Encrypt with the current tenant's data key.

    `aad` names the place, e.g. "providers_calendarconnection/17/password"; the tenant's schema is added.
    Raises KeyMissing when the tenant has no data key.
    """
    return seal_with(_tenant_data_key(), plaintext, aad=aad)


def open_sealed(blob: bytes, *, aad: str) -> bytes:
    """What `seal` encrypted, for the same tenant and the same `aad`. Raises CannotOpen, KeyMissing.

    A blob names the key that made it: where this process knows that one already, the stored one is not read.
    """
    known = _known_data_key()
    key = known if known and is_made_with(known, blob) else _tenant_data_key()
    return open_with(key, blob, aad=aad)


def wrap(key: bytes, *, aad: str) -> bytes:
    """Encrypt a key of the current tenant with the key-encryption key. Raises KeyMissing."""
    return seal_with(_key_encryption_key(), key, aad=f"wrapped\n{aad}")


def unwrap(blob: bytes, *, aad: str) -> bytes:
    """The key that `wrap` encrypted, now or with the key-encryption key before (HOLDFAST_KEK_OLD), for the same
    tenant and `aad`. Raises CannotOpen, KeyMissing."""
    key, old = _key_encryption_key(), bytes(settings.HOLDFAST_KEK_OLD)
    if old and is_made_with(old, blob):
        key = old
    return open_with(key, blob, aad=f"wrapped\n{aad}")


def seal_with(key: bytes, plaintext: bytes, *, aad: str) -> bytes:
    """Encrypt with `key` (32 bytes), bound to the current tenant and `aad`. The nonce is random (96 bits)."""
    header = _VERSION + key_id(key)
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, _bound(header, aad))


def open_with(key: bytes, blob: bytes, *, aad: str) -> bytes:
    """What `seal_with` encrypted with the same key, tenant and `aad`. Raises CannotOpen."""
    header, nonce = blob[:_HEADER_BYTES], blob[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
    if len(blob) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES or header[:1] != _VERSION:
        raise CannotOpen("it is not in the form that Holdfast writes")
    if header[1:] != key_id(key):
        raise CannotOpen(f"it was made with key {header[1:].hex()}, and this is key {key_id(key).hex()}")
    try:
        return AESGCM(key).decrypt(nonce, blob[_HEADER_BYTES + _NONCE_BYTES :], _bound(header, aad))
    except InvalidTag as error:
        raise CannotOpen("it was altered, or belongs to another place") from error


def is_made_with(key: bytes, blob: bytes) -> bool:
    """Whether the blob names this key as the one that made it; says nothing about the rest."""
    return blob[len(_VERSION) : _HEADER_BYTES] == key_id(key)


def new_key() -> bytes:
    """A fresh random key of 32 bytes."""
    return AESGCM.generate_key(bit_length=KEY_BYTES * 8)


def key_id(key: bytes) -> bytes:
    """Eight bytes that name a key without giving it away. Raises KeyMissing for anything but 32 bytes."""
    if len(key) != KEY_BYTES:
        raise KeyMissing(f"An encryption key has {KEY_BYTES} bytes; this one has {len(key)}.")
    return hashlib.sha256(b"holdfast/key-id/v1\n" + key).digest()[:_KEY_ID_BYTES]


def register_data_key(stored: Callable[[], bytes], known: Callable[[], bytes] | None = None) -> None:
    """Say who reads the current tenant's data key, and who may have it in memory, as it once was. The ledger's app
    does, at start-up; the last one wins."""
    _data_key[:] = [(stored, known)]


def _tenant_data_key() -> bytes:
    if not _data_key:
        raise KeyMissing("No app has said where the tenants' data keys are kept.")
    stored, _ = _data_key[0]
    return stored()


def _known_data_key() -> bytes:
    known = _data_key[0][1] if _data_key else None
    return known() if known else b""


def _key_encryption_key() -> bytes:
    key = bytes(settings.HOLDFAST_KEK)
    if not any(key):
        raise KeyMissing("The key-encryption key is not set: give HOLDFAST_KEK or HOLDFAST_KEK_FILE.")
    if len(key) != KEY_BYTES:
        raise KeyMissing(f"HOLDFAST_KEK must be {KEY_BYTES} bytes in urlsafe base64; it has {len(key)}.")
    return key


def _bound(header: bytes, aad: str) -> bytes:
    """Associated data: what it is, the header, the tenant (no newline can be in its name) and the place."""
    return b"holdfast/seal/v1\n" + header + b"\n" + f"{current_schema()}\n{aad}".encode()
