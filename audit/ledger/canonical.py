"""What is signed: one entry as RFC 8785 bytes, its hash, and the link to the entry before. No Django here.

Format version 1, described in docs/ledger.md. The exact bytes are stored and hashed, never another
serialisation of the same values.
"""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import rfc8785

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

VERSION: Final = 1
ALGORITHM: Final = "Ed25519"
LARGEST_EXACT: Final = 2**53 - 1
SALT_BYTES: Final = 32  # before a personal value, inside its ciphertext

_EXPONENT_FROM: Final = 1e21  # RFC 8785 writes smaller whole doubles without one, so as integers
_DOMAIN: Final = b"holdfast/ledger/v1\n"
_GENESIS: Final = b"holdfast/ledger/v1/genesis\n"
_COMMITMENT: Final = b"holdfast/commit/v1\n"


class NotCanonical(ValueError):
    """The value has no RFC 8785 form that PostgreSQL can also hold; the message says where."""


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of a JSON value.

    RFC 8785 is exact for integers up to 2^53 - 1 only (RFC 7493, section 2.2), so a larger one must come as a
    decimal string: `exact` does that. Raises NotCanonical for NaN, infinities, larger integers, lone
    surrogates and whatever is not JSON.
    """
    try:
        encoded = _PLAIN.encode(value).encode() if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical(str(error)) from error
    return bytes(encoded)


_PLAIN: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False
)


def _is_plain(value: Any) -> bool:
    """Say whether Python's own JSON is RFC 8785's: no fractions, no names beyond ASCII (which sort otherwise), no large
    integers. Nearly every entry is, and it costs a tenth."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-LARGEST_EXACT <= value <= LARGEST_EXACT)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_plain(held) for key, held in value.items())
    return kind is list and all(map(_is_plain, value))


def exact(value: Any, *, path: str = "payload") -> Json:
    """The same value with whole numbers beyond 2^53 - 1 as decimal strings, and nothing but JSON in it.

    Raises NotCanonical, saying where, for what `canonical` or PostgreSQL's json would refuse.
    """
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, path)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NotCanonical(f"{path} has a key that is not a string: {key!r}")
        return {str(exact(key, path=path)): exact(held, path=f"{path}.{key}") for key, held in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [exact(held, path=f"{path}[{index}]") for index, held in enumerate(value)]
    raise NotCanonical(f"{path} is a {type(value).__name__}, which JSON does not have")


def digest(body: bytes) -> bytes:
    """The entry's hash (32 bytes), which is also what is signed: SHA-256 of the domain line and the bytes."""
    return hashlib.sha256(_DOMAIN + body).digest()


def genesis(tenant: str) -> bytes:
    """What the first entry of a tenant's ledger is chained to, so that no entry 1 fits another tenant."""
    return hashlib.sha256(_GENESIS + tenant.encode()).digest()


def _text(value: str, path: str) -> str:
    if "\0" in value:
        raise NotCanonical(f"{path} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"{path} holds half a surrogate pair") from error
    return str(value)


def _number(value: int | float, path: str) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        raise NotCanonical(f"{path} is {value}, which JSON does not have")
    if isinstance(value, float) and not (value.is_integer() and abs(value) < _EXPONENT_FROM):
        return float(value)  # read back as the same double
    if abs(value) <= LARGEST_EXACT:
        return int(value) if isinstance(value, int) else value
    return str(int(value))


def commitment(salted: bytes) -> bytes:
    """What an entry says of a personal value (32 bytes): SHA-256 of the domain line, the salt and the value."""
    return hashlib.sha256(_COMMITMENT + salted).digest()


def to_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """The bytes of standard base64. Raises ValueError for anything else."""
    return base64.b64decode(text, validate=True)
