"""The flush: lock the head, give each draft its place, sign it, and append all of them in one statement."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection

from audit.ledger import keys
from audit.ledger.canonical import canonical, digest
from audit.ledger.entries import Draft, Place, body_of
from audit.ledger.personal import person_keys, sealed_values
from kernel.tenancy import current_schema


def append(drafts: Sequence[Draft]) -> int:
    """Append `drafts` to the current tenant's ledger, in order; gives the last entry's seq.

    Called at the outermost commit. Two statements, three more if there is personal data. The persons' keys
    come before the head, which stays the last lock. Raises KeyMissing, CannotOpen or LedgerNotFounded when
    there is no key to sign with.
    """
    people = person_keys(drafts)
    place = _locked_place(current_schema())
    signer = keys.signing_key(place.kid)
    bodies: list[bytes] = []
    signatures: list[bytes] = []
    for draft in drafts:
        personal = sealed_values(draft, place=place, key=people.get(draft.person or ""))
        body = canonical(body_of(draft, place=place, personal=personal))
        signed = digest(body)
        bodies.append(body)
        signatures.append(signer.sign(signed))
        place = replace(place, seq=place.seq + 1, prev=signed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_append_v1(%s::bytea[], %s::bytea[])", [bodies, signatures])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _locked_place(tenant: str) -> Place:
    """Where the next entry stands; the head is locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash, at, xid, kid FROM ledger_lock_head_v1()")
        seq, prev, at, xid, kid = cursor.fetchone() or (0, b"", "", "", None)
    if kid is None:
        raise keys.LedgerNotFounded(f"The ledger of {tenant} has no signing key in force.")
    return Place(tenant=tenant, seq=seq + 1, prev=bytes(prev), at=at, xid=xid, kid=kid)
