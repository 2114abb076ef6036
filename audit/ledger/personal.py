"""Personal data in the ledger: each person's values under a key of their own, which can be destroyed.

The signed bytes hold ciphertext and a salted commitment, so the chain still verifies after an erasure. The
salt is inside the ciphertext: without the key the commitment tells nothing, not even to one who guesses.
"""

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audit.ledger import keys
from audit.ledger.canonical import SALT_BYTES, commitment, from_base64, to_base64
from audit.ledger.entries import Draft, Place, Sealed
from audit.ledger.reading import body_of_entry
from audit.models import Entry, PersonKey
from kernel import crypto
from kernel.errors import HoldfastError


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
    salted = _salted(body, crypto.open_with(keys.data_key(), bytes(row.wrapped_key), aad=key_place(person)))
    return None if salted is None else {name: clear[SALT_BYTES:].decode() for name, clear in salted.items()}


def opened(bodies: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, bytes] | None]]:
    """Of each body that holds personal values: its number, and each value behind its salt; None if erased.

    For whoever takes the record away. One query for the keys of all people, when the first body asks for one.
    Raises CannotOpen or PersonalDataAltered.
    """
    known: dict[str, bytes] | None = None
    for body in bodies:
        if not body["personal"]:
            continue
        known = _all_person_keys() if known is None else known
        key = known.get(str(body["person"]))
        yield int(body["seq"]), None if key is None else _salted(body, key)


def sealed_values(draft: Draft, *, place: Place, key: bytes | None) -> dict[str, Sealed]:
    """The draft's personal values as they enter the signed bytes, bound to tenant, seq, person and name."""
    if key is None or draft.person is None:
        return {}
    sealed = {}
    for name, value in draft.personal.items():
        clear = os.urandom(SALT_BYTES) + value.encode()
        cipher = crypto.seal_with(key, clear, aad=_value_place(place.seq, draft.person, name))
        sealed[name] = Sealed(to_base64(cipher), to_base64(commitment(clear)))
    return sealed


def _salted(body: Mapping[str, Any], key: bytes) -> dict[str, bytes] | None:
    """Open a body's values, salt in front; None if the key is not the one that sealed them."""
    seq, person = int(body["seq"]), str(body["person"])
    ciphers = {name: from_base64(value["cipher"]) for name, value in body["personal"].items()}
    if any(not crypto.is_made_with(key, cipher) for cipher in ciphers.values()):
        return None  # erased, and the person came back later under a new key
    salted = {}
    for name, cipher in ciphers.items():
        clear = crypto.open_with(key, cipher, aad=_value_place(seq, person, name))
        if not hmac.compare_digest(commitment(clear), from_base64(body["personal"][name]["commit"])):
            raise PersonalDataAltered(f"Entry {seq}: {name} is not what was signed.")
        salted[name] = clear
    return salted


def _all_person_keys() -> dict[str, bytes]:
    data_key = keys.data_key()
    return {
        person: crypto.open_with(data_key, bytes(wrapped), aad=key_place(person))
        for person, wrapped in PersonKey.objects.values_list("person", "wrapped_key").iterator()
    }


def key_place(person: str) -> str:
    """Where a person's key is kept: what its wrapping is bound to."""
    return f"audit_person_key/{person}"


def _value_place(seq: int, person: str, name: str) -> str:
    return f"audit_entry/{seq}/{person}/{name}"
