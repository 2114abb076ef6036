"""Personal data in the ledger: each person's values under a key of their own, which can be destroyed.

The signed bytes hold ciphertext and a salted commitment, so the chain still verifies after an erasure. The
salt is inside the ciphertext: without the key the commitment tells nothing, not even to one who guesses.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping

from audit.ledger import keys
from audit.ledger.canonical import from_base64, to_base64
from audit.ledger.entries import Draft, Place, Sealed
from audit.ledger.reading import body_of_entry
from audit.models import Entry, PersonKey
from kernel import crypto
from kernel.errors import HoldfastError

_SALT_BYTES = 32


class PersonalDataAltered(HoldfastError):
    """The ciphertext opens to something else than what was committed to."""

    code = "cannot_open"


def reveal(entry: Entry) -> dict[str, str] | None:
    """The entry's personal values in clear: {} if it holds none, None if the person was erased.

    Raises CannotOpen or PersonalDataAltered when the key is there and the data is not what was signed.
    """
    body = body_of_entry(entry)
    sealed: Mapping[str, Mapping[str, str]] = body["personal"]
    if not sealed:
        return {}
    person = str(body["person"])
    row = PersonKey.objects.filter(person=person).first()
    if row is None:
        return None
    key = crypto.open_with(keys.data_key(), bytes(row.wrapped_key), aad=key_place(person))
    ciphers = {name: from_base64(value["cipher"]) for name, value in sealed.items()}
    if any(not crypto.is_made_with(key, cipher) for cipher in ciphers.values()):
        return None  # erased, and the person came back later under a new key
    revealed = {}
    for name, cipher in ciphers.items():
        clear = crypto.open_with(key, cipher, aad=_value_place(entry.seq, person, name))
        if not hmac.compare_digest(_commitment(clear), from_base64(sealed[name]["commit"])):
            raise PersonalDataAltered(f"Entry {entry.seq}: {name} is not what was signed.")
        revealed[name] = clear[_SALT_BYTES:].decode()
    return revealed


def sealed_values(draft: Draft, *, place: Place, key: bytes | None) -> dict[str, Sealed]:
    """The draft's personal values as they enter the signed bytes, bound to tenant, seq, person and name."""
    if key is None or draft.person is None:
        return {}
    sealed = {}
    for name, value in draft.personal.items():
        clear = os.urandom(_SALT_BYTES) + value.encode()
        cipher = crypto.seal_with(key, clear, aad=_value_place(place.seq, draft.person, name))
        sealed[name] = Sealed(to_base64(cipher), to_base64(_commitment(clear)))
    return sealed


def _commitment(salted: bytes) -> bytes:
    return hashlib.sha256(b"holdfast/commit/v1\n" + salted).digest()


def key_place(person: str) -> str:
    """Where a person's key is kept: what its wrapping is bound to."""
    return f"audit_person_key/{person}"


def _value_place(seq: int, person: str, name: str) -> str:
    return f"audit_entry/{seq}/{person}/{name}"
