"""Ed25519 keys as the ledger names and uses them. No Django here.

A key's id is derived from the public key, so a key cannot be exchanged under an id that was seen before.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES: Final = 32


@dataclass(frozen=True)
class Signer:
    """A private key that is ready to sign, and what the world knows of it."""

    kid: str
    public_key: bytes
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes (RFC 8032)."""
        return self.private.sign(message)


def new_seed() -> bytes:
    """A fresh private key as its 32 secret bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def signer(seed: bytes) -> Signer:
    """The key that these 32 secret bytes are. Raises ValueError for another length."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = private.public_key().public_bytes_raw()
    return Signer(key_id(public_key), public_key, private)


def key_id(public_key: bytes) -> str:
    """The id of a public key: the first 16 bytes of its SHA-256 under our domain, as 32 hex digits."""
    return hashlib.sha256(b"holdfast/key/v1\n" + public_key).hexdigest()[:32]


def is_signed(message: bytes, signature: bytes, *, public_key: bytes) -> bool:
    """Whether `signature` is this key's signature of `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
