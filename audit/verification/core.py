"""Proving a ledger from its rows and checkpoints alone: no Django, no database, no network.

`verify` reads the rows once, in order, and stops at the first entry that is not as it was signed. The chain
names its own keys: entry 1 announces the first, each rotation the next. What a chain cannot show (a tail cut
off, or everything signed again) the checkpoints show: kept outside the database, under a key of their own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.ledger.canonical import (
    ALGORITHM,
    VERSION,
    NotCanonical,
    canonical,
    digest,
    from_base64,
    genesis,
)
from audit.ledger.merkle import Frontier
from audit.ledger.notes import Checkpoint
from audit.ledger.signing import is_signed, key_id

FOUNDED: Final = "ledger.founded"
ROTATED: Final = "ledger.key_rotated"


@dataclass(frozen=True)
class Row:
    """One row of audit_entry; `created_at` in RFC 3339, UTC, with microseconds."""

    seq: int
    xid: str
    action: str
    subject: str
    person: str | None
    run_id: int | None
    step_id: int | None
    reverses: int | None
    created_at: str
    kid: str
    body: bytes
    hash: bytes
    signature: bytes
    prev: bytes


@dataclass(frozen=True)
class KeyRow:
    """One row of audit_key, without its private half."""

    kid: str
    public_key: bytes
    valid_from: int
    valid_to: int | None


@dataclass(frozen=True)
class Fault:
    """The first entry that is wrong, and what is wrong with it, as the end of a sentence about it."""

    seq: int
    words: str

    def __str__(self) -> str:
        return f"entry {self.seq} {self.words}"


@dataclass(frozen=True)
class Verdict:
    """What was read, and the first fault, if there is one."""

    tenant: str
    entries: int
    fault: Fault | None
    checkpoint: Checkpoint | None = None


def verify(
    tenant: str,
    rows: Iterable[Row],
    *,
    keys: Sequence[KeyRow],
    head: tuple[int, bytes],
    checkpoints: Sequence[Checkpoint],
) -> Verdict:
    """Check every row (ascending seq) of `tenant`'s ledger: O(n) signatures, memory independent of n.

    Checked per entry: gapless number, canonical bytes, hash, link, key in force, signature, columns equal to
    the signed bytes, time not backwards, reversal of an earlier entry; then the table of keys, the head, and
    each checkpoint's Merkle root.
    """
    ordered = sorted(checkpoints, key=lambda checkpoint: checkpoint.size)
    newest = ordered[-1] if ordered else None
    chain = _Chain(tenant, ordered)
    for row in rows:
        fault = chain.fault_of(row)
        if fault is not None:
            return Verdict(tenant, chain.seq, fault, newest)
    return Verdict(tenant, chain.seq, chain.fault_at_end(keys=keys, head=head), newest)


def verify_since(
    checkpoint: Checkpoint, rows: Iterable[Row], *, keys: Sequence[KeyRow], head: tuple[int, bytes]
) -> Verdict:
    """Check the rows after `checkpoint` (ascending seq) and that they continue it; what lies before is not read.

    The keys of the part before are taken from the table of keys: the whole chain proves those.
    """
    known = [key for key in keys if key.valid_from <= checkpoint.size + 1]
    chain = _Chain(checkpoint.tenant, [])
    chain.seq, chain.hash, chain.frontier = checkpoint.size, checkpoint.last, checkpoint.frontier
    chain.keys = known[:-1] + [KeyRow(key.kid, key.public_key, key.valid_from, None) for key in known[-1:]]
    if not chain.keys:
        return Verdict(
            checkpoint.tenant, checkpoint.size, Fault(1, "has no key in the table of keys"), checkpoint
        )
    if head[0] < checkpoint.size:
        words = (
            f"is missing, cut off at the end: the checkpoint of {checkpoint.at} saw {checkpoint.size} entries"
        )
        return Verdict(checkpoint.tenant, head[0], Fault(head[0] + 1, words), checkpoint)
    for row in rows:
        fault = chain.fault_of(row)
        if fault is not None:
            return Verdict(checkpoint.tenant, chain.seq, fault, checkpoint)
    return Verdict(checkpoint.tenant, chain.seq, chain.fault_at_end(keys=keys, head=head), checkpoint)


class _Chain:
    """The chain as far as it was read, and found sound."""

    def __init__(self, tenant: str, checkpoints: Sequence[Checkpoint]) -> None:
        self.tenant = tenant
        self.seq = 0
        self.hash = genesis(tenant)
        self.at = ""
        self.frontier = Frontier()
        self.keys: list[KeyRow] = []
        self.checkpoints = list(checkpoints)
        self.seen = 0  # the size of the last checkpoint that agreed

    def fault_of(self, row: Row) -> Fault | None:
        """What is wrong with the next row; None, and the chain is one longer, if nothing is."""
        for words in self._objections(row):
            return Fault(min(row.seq, self.seq + 1), words)
        self.seq, self.hash, self.at = row.seq, row.hash, row.created_at
        self.frontier = self.frontier.add(row.hash)
        return self._fault_against_checkpoints()

    def fault_at_end(self, *, keys: Sequence[KeyRow], head: tuple[int, bytes]) -> Fault | None:
        """What is wrong with the end: rows cut off, the head, the table of keys."""
        if self.checkpoints:  # those that saw more than there is; the largest says most
            ahead = self.checkpoints[-1]
            return self._cut_off(ahead.size, f"the checkpoint of {ahead.at} saw {ahead.size} entries")
        if head[0] > self.seq:
            return self._cut_off(head[0], f"the head of the chain stands at {head[0]}")
        if head[0] < self.seq:
            return Fault(head[0] + 1, f"stands behind the head of the chain, which is at {head[0]}")
        if head[1] != self.hash:
            return Fault(max(self.seq, 1), "is not the one whose hash the head of the chain holds")
        if sorted(keys, key=lambda key: key.valid_from) != self.keys:
            return Fault(max(self.seq, 1), "ends a chain whose keys are not those in the table of keys")
        return None

    def _objections(self, row: Row) -> Iterator[str]:
        if row.seq != self.seq + 1:
            last = "" if row.seq == self.seq + 2 else f" (so are all up to {row.seq - 1})"
            yield f"is missing{last}: entry {row.seq} follows entry {self.seq}"
        body = _body(row.body)
        if body is None:
            yield "is not in canonical form (RFC 8785): its bytes were altered"
            return
        if str(body.get("seq")) != str(row.seq):
            yield f"was exchanged: its signed bytes say that they are entry {body.get('seq')}"
        if digest(row.body) != row.hash:
            yield "was altered: its bytes do not give the hash kept beside them"
        if (body.get("v"), body.get("alg"), body.get("tenant")) != (VERSION, ALGORITHM, self.tenant):
            said = f"version {body.get('v')}, {body.get('alg')}, {body.get('tenant')}"
            yield f"is not of this ledger: it says {said}"
        if body.get("prev") != self.hash.hex() or row.prev != self.hash:
            before = f"entry {self.seq}" if self.seq else "the beginning"
            yield f"is not chained to {before}: one of the two was exchanged or signed again"
        yield from self._objections_to_key(row, body)
        yield from _objections_to_columns(row, body)
        if row.created_at < self.at:
            yield f"is dated {row.created_at}, before the entry that it follows"
        if row.reverses is not None and not 1 <= row.reverses <= self.seq:
            yield f"reverses entry {row.reverses}, which does not come before it"

    def _objections_to_key(self, row: Row, body: Mapping[str, Any]) -> Iterator[str]:
        announced = _announced(body)
        if row.seq == 1:
            first = self.checkpoints[0] if self.checkpoints else None
            if body.get("action") != FOUNDED or announced is None or announced.kid != body.get("kid"):
                yield "does not announce the key that signs it, as a first entry must"
                return
            if first is not None and first.first_key != announced.kid:
                yield (
                    f"was signed again with another key, {announced.kid}: the checkpoint of {first.at} "
                    f"saw key {first.first_key}"
                )
            self.keys.append(announced)
        current = self.keys[-1]
        if body.get("kid") != current.kid:
            yield f"was signed with key {body.get('kid')}, and the key in force is {current.kid}"
        if not is_signed(row.hash, row.signature, public_key=current.public_key):
            yield f"lacks the signature of key {current.kid}: it was altered, or signed with another key"
        if row.seq > 1 and body.get("action") == ROTATED:
            if announced is None:
                yield "announces a key without a valid id"
                return
            self.keys[-1] = KeyRow(current.kid, current.public_key, current.valid_from, row.seq)
            self.keys.append(KeyRow(announced.kid, announced.public_key, row.seq + 1, None))

    def _fault_against_checkpoints(self) -> Fault | None:
        while self.checkpoints and self.checkpoints[0].size <= self.seq:
            checkpoint = self.checkpoints.pop(0)
            if checkpoint.frontier != self.frontier:
                first = max(self.seen, _first_difference(checkpoint.frontier, self.frontier)) + 1
                return Fault(
                    first,
                    f"or one after it, up to {checkpoint.size}, was signed again: "
                    f"the checkpoint of {checkpoint.at} saw another",
                )
            self.seen = checkpoint.size
        return None

    def _cut_off(self, last: int, because: str) -> Fault:
        rest = "" if last == self.seq + 1 else f" (so are all up to {last})"
        return Fault(self.seq + 1, f"is missing{rest}, cut off at the end: {because}")


def _body(encoded: bytes) -> dict[str, Any] | None:
    """The JSON object, if these are exactly its canonical bytes."""
    try:
        body = json.loads(encoded)
        same = canonical(body) == encoded
    except (ValueError, NotCanonical, RecursionError):
        return None
    return body if same and isinstance(body, dict) else None


def _announced(body: Mapping[str, Any]) -> KeyRow | None:
    """The key that an entry announces, if its id is really the id of its public key."""
    payload = body.get("payload")
    if not isinstance(payload, Mapping):
        return None
    try:
        public_key = from_base64(str(payload.get("public_key")))
    except ValueError:
        return None
    kid = key_id(public_key)
    return KeyRow(kid, public_key, 1, None) if payload.get("kid") == kid else None


def _objections_to_columns(row: Row, body: Mapping[str, Any]) -> Iterator[str]:
    columns = {
        "xid": row.xid,
        "action": row.action,
        "subject": row.subject,
        "person": row.person,
        "run": _decimal(row.run_id),
        "step": _decimal(row.step_id),
        "reverses": _decimal(row.reverses),
        "ts": row.created_at,
        "kid": row.kid,
    }
    for name, value in columns.items():
        if body.get(name) != value:
            yield f"was altered beside its signed bytes: they say {name} {body.get(name)}, the column {value}"


def _decimal(number: int | None) -> str | None:
    return None if number is None else str(number)


def _first_difference(one: Frontier, other: Frontier) -> int:
    """How many leaves at the start two trees of one size surely share: those of equal whole subtrees."""
    shared = 0
    for power in range(one.size.bit_length() - 1, -1, -1):
        if not one.size >> power & 1:
            continue
        index = (one.size >> power + 1).bit_count()
        if one.subtrees[index] != other.subtrees[index]:
            break
        shared += 1 << power
    return shared
