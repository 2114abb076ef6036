"""A superuser rewrites the ledger by SQL, guards off: `verify_ledger` names the first bad entry."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from audit.api import Outcome, rotate_signing_key, verify_ledger, write_checkpoint, write_checkpoints
from audit.ledger.canonical import digest, genesis
from audit.ledger.keys import signing_key
from audit.ledger.signing import new_seed, signer
from kernel.clock import now
from tests.audit.ledger.rewriting import ACTOR, last_seq, rewriting, sign_again, verified, write
from tests.database import World


@pytest.fixture
def written(world: World) -> World:
    """A world whose acme wrote ten entries more, the last two behind the checkpoint."""
    write(world, 8)
    write_checkpoints(now())
    write(world, 2)
    return world


def test_ledger_in_order_verifies(written: World) -> None:
    status, said = verified(written)
    assert status == 0
    assert said.startswith("ok acme: ")
    assert "each signed and chained; the checkpoint of " in said
    for schema in (written.northwind, written.staff):
        assert verify_ledger(schema, now=now()).outcome is Outcome.OK


def test_altered(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute(
            "UPDATE audit_entry SET body ="
            " convert_to(replace(convert_from(body, 'UTF8'), 'said', 'sold'), 'UTF8') WHERE seq = 5"
        )
    assert verified(written) == (
        1, "TAMPERED acme: entry 5 was altered: its bytes do not give the hash kept beside them"
    )  # fmt: skip


def test_altered_with_the_hash_made_to_fit(written: World) -> None:
    with rewriting(written) as superuser:
        row = superuser.execute("SELECT body, kid FROM audit_entry WHERE seq = 5").fetchone()
        assert row is not None
        forged = row[0].replace(b'"said"', b'"sold"')
        superuser.execute(
            "UPDATE audit_entry SET body = %s, hash = %s, action = 'sold' WHERE seq = 5",
            [forged, digest(forged)],
        )
    assert verified(written) == (
        1,
        f"TAMPERED acme: entry 5 lacks the signature of key {row[1]}: "
        "it was altered, or signed with another key",
    )


def test_altered_column(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute("UPDATE audit_entry SET subject = 'meeting:else' WHERE seq = 5")
    status, said = verified(written)
    assert status == 1
    assert said.startswith("TAMPERED acme: entry 5 was altered beside its signed bytes: they say subject")


def test_deleted(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute("DELETE FROM audit_entry WHERE seq = 5")
    assert verified(written) == (1, "TAMPERED acme: entry 5 is missing: entry 6 follows entry 4")


def test_swapped(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute("UPDATE audit_entry SET seq = -seq WHERE seq IN (5, 6)")
        superuser.execute("UPDATE audit_entry SET seq = 11 + seq WHERE seq < 0")
    assert verified(written) == (
        1, "TAMPERED acme: entry 5 was exchanged: its signed bytes say that they are entry 6"
    )  # fmt: skip


def test_tail_truncated(written: World) -> None:
    with rewriting(written) as superuser:
        last = last_seq(superuser)
        superuser.execute("DELETE FROM audit_entry WHERE seq > %s", [last - 1])
    assert verified(written) == (
        1,
        f"TAMPERED acme: entry {last} is missing, cut off at the end: the head of the chain stands at {last}",
    )


def test_tail_truncated_with_the_head_made_to_fit(written: World) -> None:
    with rewriting(written) as superuser:
        last = last_seq(superuser)
        superuser.execute("DELETE FROM audit_entry WHERE seq > %s", [last - 4])
        superuser.execute(
            "UPDATE audit_head SET seq = %s, hash = (SELECT hash FROM audit_entry WHERE seq = %s)",
            [last - 4, last - 4],
        )
    status, said = verified(written)
    assert status == 1
    assert said.startswith(
        f"TAMPERED acme: entry {last - 3} is missing (so are all up to {last - 2}), cut off at the end: "
        "the checkpoint of "
    )
    assert said.endswith(f" saw {last - 2} entries")


def test_everything_truncated(written: World) -> None:
    with written.superuser("acme") as superuser:
        superuser.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        superuser.execute("TRUNCATE audit_entry")
        superuser.execute("UPDATE audit_head SET seq = 0, hash = %s", [genesis(written.acme)])
    status, said = verified(written)
    assert status == 1
    assert said.startswith("TAMPERED acme: entry 1 is missing (so are all up to ")


def test_signed_again_from_the_middle_with_another_key(written: World) -> None:
    thief = signer(new_seed())
    with rewriting(written) as superuser:
        row = superuser.execute("SELECT kid FROM audit_key").fetchone()
        assert row is not None
        sign_again(superuser, written, thief, from_seq=5)
        superuser.execute("UPDATE audit_key SET kid = %s, public_key = %s", [thief.kid, thief.public_key])
    assert verified(written) == (
        1, f"TAMPERED acme: entry 5 was signed with key {thief.kid}, and the key in force is {row[0]}"
    )  # fmt: skip


def test_whole_chain_signed_again_with_another_key(written: World) -> None:
    thief = signer(new_seed())
    with rewriting(written) as superuser:
        row = superuser.execute("SELECT kid FROM audit_key").fetchone()
        assert row is not None
        sign_again(superuser, written, thief, from_seq=1)
        superuser.execute("UPDATE audit_key SET kid = %s, public_key = %s", [thief.kid, thief.public_key])
    status, said = verified(written)
    assert status == 1
    assert said.startswith(
        f"TAMPERED acme: entry 1 was signed again with another key, {thief.kid}: the checkpoint of "
    )
    assert said.endswith(f" saw key {row[0]}")


def test_whole_chain_signed_again_before_any_checkpoint_does_not_pass_either(world: World) -> None:
    thief = signer(new_seed())
    with rewriting(world) as superuser:
        sign_again(superuser, world, thief, from_seq=1)
        superuser.execute("UPDATE audit_key SET kid = %s, public_key = %s", [thief.kid, thief.public_key])
    status, said = verified(world)
    assert status == 2  # the forged key cannot be wrapped without the key-encryption key
    assert said.startswith(
        f"NOT CHECKED acme: The keys of {world.acme} cannot be opened with this HOLDFAST_KEK"
    )


def test_chain_signed_again_with_the_stolen_real_key(written: World) -> None:
    with rewriting(written) as superuser:
        row = superuser.execute("SELECT kid FROM audit_key").fetchone()
        assert row is not None
        with written.enter("acme"):
            stolen = signing_key(row[0])
        sign_again(superuser, written, stolen, from_seq=last_seq(superuser) - 2)
    status, said = verified(written)
    assert status == 1
    assert " was signed again: the checkpoint of " in said


def test_checkpoint_is_not_signed_over_a_rewritten_ledger(written: World) -> None:
    with rewriting(written) as superuser:
        last = last_seq(superuser)
        superuser.execute("DELETE FROM audit_entry WHERE seq > %s", [last - 4])
        superuser.execute(
            "UPDATE audit_head SET seq = %s, hash = (SELECT hash FROM audit_entry WHERE seq = %s)",
            [last - 4, last - 4],
        )
    with written.enter("acme"):
        assert write_checkpoint(now()).state == "refused"
    write(written, 9)  # the forger's ledger grows past what was seen
    with written.enter("acme"):
        refused = write_checkpoint(now())
    assert (refused.state, refused.because) == (
        "refused", f"entry {last - 1} does not continue entry {last - 2}"
    )  # fmt: skip
    assert verified(written)[0] == 1


def test_lost_head(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute("DELETE FROM audit_head")
    assert verified(written) == (1, "TAMPERED acme: the head of the chain is gone")


def test_forged_row_put_in_by_sql(written: World) -> None:
    with written.superuser("acme") as superuser:
        columns = "xid, action, subject, created_at, kid, body, hash, signature, prev"
        superuser.execute(
            f"INSERT INTO audit_entry (seq, {columns})"
            f" SELECT 1 + seq, {columns} FROM audit_entry ORDER BY seq DESC LIMIT 1"
        )
        last = last_seq(superuser)
    assert verified(written) == (
        1, f"TAMPERED acme: entry {last} was exchanged: its signed bytes say that they are entry {last - 1}"
    )  # fmt: skip


def test_verification_goes_on_after_the_key_was_exchanged(written: World) -> None:
    with written.enter("acme"):
        kid = rotate_signing_key(actor=ACTOR)
    write(written, 2)
    write_checkpoints(now())
    assert verified(written)[0] == 0
    with rewriting(written) as superuser:
        last = last_seq(superuser)
        superuser.execute("UPDATE audit_entry SET signature = %s WHERE seq = %s", [bytes(64), last])
    assert verified(written)[1].startswith(f"TAMPERED acme: entry {last} lacks the signature of key {kid}")


def test_overdue_checkpoint_is_not_in_order(written: World) -> None:
    assert verify_ledger(written.acme, now=now() + timedelta(minutes=4)).outcome is Outcome.OK
    late = verify_ledger(written.acme, now=now() + timedelta(minutes=6))
    assert late.outcome is Outcome.UNCHECKED
    assert late.words.endswith("so a rewritten end would not show: is the clock running?")


def test_one_tenants_fault_is_told_beside_the_others(written: World) -> None:
    with rewriting(written) as superuser:
        superuser.execute("DELETE FROM audit_entry WHERE seq = 5")
    said = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify_ledger", stdout=said)
    assert left.value.code == 1
    lines = [line.split(":")[0].split() for line in said.getvalue().splitlines()]
    assert lines == [["TAMPERED", "acme"], ["ok", "northwind"], ["ok", "staff"]]


def test_unknown_tenant_is_not_a_success(world: World) -> None:
    with pytest.raises(CommandError, match="There is no tenant nobody") as refused:
        call_command("verify_ledger", tenant="nobody")
    assert refused.value.returncode == 2


def test_the_database_hashes_as_the_program_does(world: World) -> None:
    with world.superuser("acme") as superuser:
        row = superuser.execute("SELECT body, hash, prev FROM audit_entry WHERE seq = 1").fetchone()
    assert row is not None
    assert row[1] == hashlib.sha256(b"holdfast/ledger/v1\n" + row[0]).digest()
    assert row[2] == genesis(world.acme)
