"""The flush: open the ledger, give each draft its place, sign it, and append all of them in one statement."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection

from audit.ledger import keys
from audit.ledger.canonical import canonical, digest
from audit.ledger.entries import Draft, body_of
from audit.ledger.opening import open_ledger
from audit.ledger.personal import sealed_values

APPEND = "SELECT ledger_append_v1(%s::bytea[], %s::bytea[])"


def append(drafts: Sequence[Draft]) -> int:
    """Append `drafts` to the current tenant's ledger, in order; gives the last entry's seq.

    Called at the outermost commit. Two statements, whoever is spoken of. Raises as `signed`.
    """
    with connection.cursor() as cursor:
        cursor.execute(APPEND, signed(drafts))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def signed(drafts: Sequence[Draft]) -> tuple[list[bytes], list[bytes]]:
    """Lock the head of the current tenant's ledger, give each draft its place after it, and sign it: the bodies and
    the signatures, as `APPEND` takes them.

    Raises KeyMissing, CannotOpen or LedgerNotFounded when there is no key to sign with.
    """
    place, people = open_ledger(drafts)
    signer = keys.signing_key(place.kid)
    bodies: list[bytes] = []
    signatures: list[bytes] = []
    for draft in drafts:
        personal = sealed_values(draft, place=place, key=people.get(draft.person or ""))
        body = canonical(body_of(draft, place=place, personal=personal))
        hashed = digest(body)
        bodies.append(body)
        signatures.append(signer.sign(hashed))
        place = replace(place, seq=place.seq + 1, prev=hashed)
    return bodies, signatures
