"""Verification without a database: each way to rewrite a ledger is found, and the first bad entry named."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.ledger.canonical import genesis
from audit.ledger.notes import Checkpoint
from audit.ledger.signing import new_seed, signer
from audit.verification.core import FOUNDED, Fault, KeyRow, Row, verify
from tests.audit.ledger.chains import TENANT, announcing, draft, end, ledger, resigned, rotated, seen, signed


def fault(
    rows: Sequence[Row],
    keys: Sequence[KeyRow],
    *,
    head: tuple[int, bytes] | None = None,
    checkpoints: Sequence[Checkpoint] = (),
) -> str | None:
    """What verification says is wrong."""
    found = verify(TENANT, rows, keys=keys, head=head or end(rows), checkpoints=checkpoints).fault
    return None if found is None else str(found)


def test_ledger_in_order_has_no_fault_at_any_size_and_checkpoint() -> None:
    for size in (1, 2, 6, 9):
        rows, keys = ledger(size)
        checkpoints = [seen(rows, n) for n in range(1, size + 1)]
        verdict = verify(TENANT, iter(rows), keys=keys, head=end(rows), checkpoints=checkpoints)
        assert (verdict.entries, verdict.fault) == (size, None)


def test_empty_ledger_has_no_fault() -> None:
    assert verify(TENANT, [], keys=[], head=(0, genesis(TENANT)), checkpoints=[]).fault is None


def test_key_exchange_announced_by_the_old_key_has_no_fault() -> None:
    rows, keys = rotated(6, at=4)
    assert fault(rows, keys) is None


def test_altered_bytes() -> None:
    rows, keys = ledger()
    rows[3] = replace(rows[3], body=rows[3].body.replace(b'"n":4', b'"n":5'))
    assert fault(rows, keys) == "entry 4 was altered: its bytes do not give the hash kept beside them"


def test_altered_bytes_with_the_hash_made_to_fit() -> None:
    rows, keys = ledger()
    other = signer(new_seed())
    forged = resigned(rows[3], other, payload={"n": 5})
    rows[3] = replace(forged, signature=rows[3].signature)
    assert fault(rows, keys) == (
        f"entry 4 lacks the signature of key {keys[0].kid}: it was altered, or signed with another key"
    )


def test_altered_spelling_of_the_same_json() -> None:
    rows, keys = ledger()
    rows[3] = replace(rows[3], body=rows[3].body.replace(b'"n":4', b'"n": 4'))
    assert fault(rows, keys) == "entry 4 is not in canonical form (RFC 8785): its bytes were altered"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"1", b"[" * 100_000])
def test_bytes_that_are_no_entry(body: bytes) -> None:
    rows, keys = ledger()
    rows[3] = replace(rows[3], body=body)
    assert fault(rows, keys) == "entry 4 is not in canonical form (RFC 8785): its bytes were altered"


def test_deleted() -> None:
    rows, keys = ledger()
    assert fault(rows[:2] + rows[3:], keys) == "entry 3 is missing: entry 4 follows entry 2"
    assert (
        fault(rows[:2] + rows[5:], keys) == "entry 3 is missing (so are all up to 5): entry 6 follows entry 2"
    )
    assert fault(rows[1:], keys) == "entry 1 is missing: entry 2 follows entry 0"


def test_deleted_and_renumbered() -> None:
    rows, keys = ledger()
    rest = [replace(row, seq=row.seq - 1) for row in rows[3:]]
    assert fault(rows[:2] + rest, keys) == "entry 3 was exchanged: its signed bytes say that they are entry 4"


def test_swapped() -> None:
    rows, keys = ledger()
    rows[2], rows[3] = replace(rows[3], seq=3), replace(rows[2], seq=4)
    assert fault(rows, keys) == "entry 3 was exchanged: its signed bytes say that they are entry 4"


def test_tail_cut_off_with_the_head_left() -> None:
    rows, keys = ledger()
    assert fault(rows[:4], keys, head=end(rows)) == (
        "entry 5 is missing (so are all up to 6), cut off at the end: the head of the chain stands at 6"
    )


def test_tail_cut_off_with_the_head_made_to_fit_is_found_by_the_checkpoint() -> None:
    rows, keys = ledger()
    assert fault(rows[:4], keys) is None
    assert fault(rows[:4], keys, checkpoints=[seen(rows, 3), seen(rows, 5), seen(rows, 6)]) == (
        "entry 5 is missing (so are all up to 6), cut off at the end: "
        "the checkpoint of at size 6 saw 6 entries"
    )


def test_entry_behind_the_head() -> None:
    rows, keys = ledger()
    assert fault(rows, keys, head=end(rows[:5])) == (
        "entry 6 stands behind the head of the chain, which is at 5"
    )
    assert fault(rows, keys, head=(6, bytes(32))) == (
        "entry 6 is not the one whose hash the head of the chain holds"
    )


def test_signed_again_with_another_key_from_the_middle() -> None:
    key, thief = signer(new_seed()), signer(new_seed())
    drafts = [announcing(key)] + [draft(payload={"n": n}) for n in range(2, 7)]
    rows = signed(drafts, [key] * 3 + [thief] * 3)
    keys = [KeyRow(key.kid, key.public_key, 1, 3), KeyRow(thief.kid, thief.public_key, 4, None)]
    assert fault(rows, keys) == (
        f"entry 4 was signed with key {thief.kid}, and the key in force is {key.kid}"
    )


def test_signed_again_from_the_start_with_another_key_is_found_by_the_checkpoint() -> None:
    rows, _ = ledger()
    checkpoint = seen(rows, 6)
    forged, forged_keys = ledger()
    assert fault(forged, forged_keys) is None
    assert fault(forged, forged_keys, checkpoints=[checkpoint]) == (
        f"entry 1 was signed again with another key, {forged[0].kid}: "
        f"the checkpoint of at size 6 saw key {rows[0].kid}"
    )


@pytest.mark.parametrize(("changed", "named"), [(2, 1), (3, 1), (5, 5), (6, 5), (7, 7)])
def test_signed_again_with_the_real_key_is_found_by_the_checkpoint(changed: int, named: int) -> None:
    key = signer(new_seed())
    rows, keys = ledger(7, key)
    drafts = [announcing(key)] + [draft(payload={"n": n}) for n in range(2, 8)]
    drafts[changed - 1] = draft(payload={"n": "rewritten"})
    forged = signed(drafts, [key] * 7)
    assert fault(forged, keys) is None
    assert fault(forged, keys, checkpoints=[seen(rows, 7)]) == (
        f"entry {named} or one after it, up to 7, was signed again: the checkpoint of at size 7 saw another"
    )


def test_a_checkpoint_that_agreed_narrows_what_was_signed_again() -> None:
    key = signer(new_seed())
    rows, keys = ledger(7, key)
    drafts = [announcing(key)] + [draft(payload={"n": n}) for n in range(2, 8)]
    drafts[3] = draft(payload={"n": "rewritten"})
    forged = signed(drafts, [key] * 7)
    checkpoints = [seen(rows, 3), seen(rows, 4), seen(rows, 7)]
    assert fault(forged, keys, checkpoints=checkpoints) == (
        "entry 4 or one after it, up to 4, was signed again: the checkpoint of at size 4 saw another"
    )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("action", "booking.cancelled", "they say action booking.confirmed, the column booking.cancelled"),
        ("subject", "meeting:m2", "they say subject meeting:m1, the column meeting:m2"),
        ("person", "p1", "they say person None, the column p1"),
        ("run_id", 9, "they say run None, the column 9"),
        ("step_id", 9, "they say step None, the column 9"),
        ("reverses", 2, "they say reverses None, the column 2"),
        ("xid", "1", "they say xid 704, the column 1"),
        ("kid", "f", "the column f"),
        ("created_at", "2026-03-02T11:00:00.000000Z", "the column 2026-03-02T11:00:00.000000Z"),
    ],
)
def test_altered_column(column: str, value: Any, said: str) -> None:
    rows, keys = ledger()
    changes: dict[str, Any] = {column: value}
    rows[3] = replace(rows[3], **changes)
    found = fault(rows, keys)
    assert found is not None
    assert found.startswith("entry 4 was altered beside its signed bytes: they say ")
    assert found.endswith(said)


@pytest.mark.parametrize("prev", [bytes(32), genesis("t_two")])
def test_altered_link_column(prev: bytes) -> None:
    rows, keys = ledger()
    rows[3] = replace(rows[3], prev=prev)
    assert fault(rows, keys) == (
        "entry 4 is not chained to entry 3: one of the two was exchanged or signed again"
    )


def test_one_entry_signed_again_with_the_real_key() -> None:
    key = signer(new_seed())
    rows, keys = ledger(6, key)
    rows[3] = resigned(rows[3], key, payload={"n": "rewritten"})
    assert fault(rows, keys) == (
        "entry 5 is not chained to entry 4: one of the two was exchanged or signed again"
    )


def test_ledger_of_another_tenant() -> None:
    key = signer(new_seed())
    rows = signed([announcing(key)], [key], tenant="t_two")
    found = verify(TENANT, rows, keys=[], head=end(rows), checkpoints=[]).fault
    assert found == Fault(1, "is not of this ledger: it says version 1, Ed25519, t_two")


def test_exchanged_public_key_and_forgotten_rotation() -> None:
    rows, keys = rotated(6, at=4)
    other = signer(new_seed())
    end_of_keys = "entry 6 ends a chain whose keys are not those in the table of keys"
    assert fault(rows, [keys[0], replace(keys[1], public_key=other.public_key)]) == end_of_keys
    assert fault(rows, [replace(keys[0], valid_to=None)]) == end_of_keys
    assert fault(rows, [keys[0], replace(keys[1], valid_from=3)]) == end_of_keys


def test_old_key_used_after_its_exchange() -> None:
    old, new = signer(new_seed()), signer(new_seed())
    drafts = [announcing(old), announcing(new, "ledger.key_rotated"), draft(), draft()]
    rows = signed(drafts, [old, old, new, old])
    assert fault(rows, []) == f"entry 4 was signed with key {old.kid}, and the key in force is {new.kid}"


def test_first_entry_must_announce_its_own_key() -> None:
    key, other = signer(new_seed()), signer(new_seed())
    said = "entry 1 does not announce the key that signs it, as a first entry must"
    assert fault(signed([draft()], [key]), []) == said
    assert fault(signed([announcing(other)], [key]), []) == said
    assert fault(signed([draft(FOUNDED, {"kid": key.kid, "public_key": "?"})], [key]), []) == said


@pytest.mark.parametrize("reverses", [4, 5, 0, -1])
def test_reversal_of_what_does_not_come_before(reverses: int) -> None:
    key = signer(new_seed())
    drafts = [announcing(key), draft(), draft(), draft(reverses=reverses)]
    rows = signed(drafts, [key] * 4)
    assert fault(rows, []) == f"entry 4 reverses entry {reverses}, which does not come before it"


def test_time_that_goes_backwards() -> None:
    key = signer(new_seed())
    rows, keys = ledger(3, key)
    early = "2026-03-02T09:00:00.000000Z"
    rows[2] = replace(resigned(rows[2], key, ts=early), created_at=early)
    assert fault(rows, keys) == f"entry 3 is dated {early}, before the entry that it follows"


def test_verification_needs_no_django() -> None:
    root = Path(__file__).resolve().parents[3]
    program = "import sys, audit.verification.core; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
