"""Opening the ledger for a flush: the persons' keys, made where missing, and then the head, in one round trip."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from audit.ledger import keys
from audit.ledger.entries import Draft, Place
from audit.ledger.personal import key_place
from kernel import crypto
from kernel.tenancy import current_schema


def open_ledger(drafts: Sequence[Draft]) -> tuple[Place, dict[str, bytes]]:
    """Lock the head of the current tenant's ledger until the transaction ends, and say where the next entry
    stands; beside it, the key of every person whose data these drafts hold.

    The keys come before the head, which stays the last lock. One statement (audit/sql/open_v1.sql); one more
    where this process knew another data key. Raises LedgerNotFounded, KeyMissing, CannotOpen.
    """
    people = sorted({draft.person for draft in drafts if draft.personal and draft.person})
    row, data_key = _opened(people)
    if people and row[5] is None:
        keys.forget_data_key()
        row, data_key = _opened(people)
    seq, prev, at, xid, kid, wrapped = row
    tenant = current_schema()
    if kid is None:
        raise keys.LedgerNotFounded(f"The ledger of {tenant} has no signing key in force.")
    place = Place(tenant=tenant, seq=seq + 1, prev=bytes(prev), at=at, xid=xid, kid=kid)
    return place, {
        person: crypto.open_with(data_key, bytes(key), aad=key_place(person))
        for person, key in zip(people, wrapped or (), strict=True)
    }


def _opened(people: Sequence[str]) -> tuple[tuple[Any, ...], bytes]:
    """Return the row of ledger_open_v1, and the data key that it compared with the tenant's."""
    wrapped, data_key = keys.known_data_key() if people else (b"", b"")
    fresh = [crypto.seal_with(data_key, crypto.new_key(), aad=key_place(person)) for person in people]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, hash, at, xid, kid, keys FROM ledger_open_v1(%s::text[], %s::bytea[], %s::bytea)",
            [list(people), fresh, wrapped],
        )
        return cursor.fetchone(), data_key
