"""Ledgers made in memory, signed with real keys, for tests that need no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from audit.ledger.canonical import Json, canonical, digest, genesis, to_base64
from audit.ledger.entries import Actor, Draft, Place, body_of
from audit.ledger.merkle import Frontier
from audit.ledger.notes import Checkpoint
from audit.ledger.signing import Signer, new_seed, signer
from audit.verification.core import FOUNDED, ROTATED, KeyRow, Row

TENANT = "t_one"
ACTOR = Actor("user", "7")


def announcing(key: Signer, action: str = FOUNDED) -> Draft:
    """The entry that announces a key."""
    return draft(action, {"kid": key.kid, "public_key": to_base64(key.public_key)})


def draft(action: str = "booking.confirmed", payload: Mapping[str, Json] | None = None, **more: Any) -> Draft:
    """An entry's content."""
    return Draft(action, "meeting:m1", ACTOR, payload or {}, **more)


def signed(drafts: Sequence[Draft], keys: Sequence[Signer], *, tenant: str = TENANT) -> list[Row]:
    """The rows of a ledger whose entry n is signed with keys[n - 1]."""
    return list(_signed(drafts, keys, tenant))


def ledger(size: int = 6, key: Signer | None = None) -> tuple[list[Row], list[KeyRow]]:
    """A ledger in order, and its table of keys."""
    key = key or signer(new_seed())
    rows = signed([announcing(key)] + [draft(payload={"n": n}) for n in range(2, size + 1)], [key] * size)
    return rows, [KeyRow(key.kid, key.public_key, 1, None)]


def rotated(size: int, at: int) -> tuple[list[Row], list[KeyRow]]:
    """A ledger of `size` entries whose entry `at` exchanges the key."""
    old, new = signer(new_seed()), signer(new_seed())
    drafts = [announcing(old)] + [draft(payload={"n": n}) for n in range(2, size + 1)]
    drafts[at - 1] = announcing(new, ROTATED)
    rows = signed(drafts, [old] * at + [new] * (size - at))
    return rows, [KeyRow(old.kid, old.public_key, 1, at), KeyRow(new.kid, new.public_key, at + 1, None)]


def seen(rows: Sequence[Row], size: int) -> Checkpoint:
    """The checkpoint of the first `size` rows."""
    frontier = Frontier()
    for row in rows[:size]:
        frontier = frontier.add(row.hash)
    return Checkpoint(TENANT, f"at size {size}", rows[size - 1].hash, rows[0].kid, frontier)


def end(rows: Sequence[Row]) -> tuple[int, bytes]:
    """The head of a ledger that ends with these rows."""
    return rows[-1].seq, rows[-1].hash


def resigned(row: Row, key: Signer, **changes: Any) -> Row:
    """The row with other signed content, hashed and signed as its own."""
    import json

    body = canonical({**json.loads(row.body), **changes})
    return replace(row, body=body, hash=digest(body), signature=key.sign(digest(body)))


def _signed(drafts: Sequence[Draft], keys: Sequence[Signer], tenant: str) -> Iterator[Row]:
    prev = genesis(tenant)
    for number, (content, key) in enumerate(zip(drafts, keys, strict=True), start=1):
        at = f"2026-03-02T10:00:00.{number:06}Z"
        place = Place(tenant, number, prev, at, str(700 + number), key.kid)
        body = canonical(body_of(content, place=place, personal={}))
        hashed = digest(body)
        yield Row(
            number, place.xid, content.action, content.subject, content.person, content.run_id,
            content.step_id, content.reverses, at, key.kid, body, hashed, key.sign(hashed), prev,
        )  # fmt: skip
        prev = hashed
