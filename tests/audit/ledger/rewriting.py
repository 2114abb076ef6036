"""Rewriting a tenant's ledger by SQL as superuser, guards off, and asking `verify_ledger` about it."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import transaction

from audit.api import Actor, record
from audit.ledger.canonical import canonical, digest, genesis, to_base64
from audit.ledger.signing import Signer
from tests.database import World

ACTOR = Actor("user", "7")


def write(world: World, number: int) -> None:
    """That many entries in acme's ledger."""
    with world.enter("acme"), transaction.atomic():
        for count in range(number):
            record("said", subject=f"meeting:m{count}", actor=ACTOR, payload={"n": count})


@contextmanager
def rewriting(world: World) -> Iterator[psycopg.Connection[Any]]:
    """A superuser inside acme's schema with every trigger and check off."""
    with world.superuser("acme") as superuser:
        superuser.execute("SET session_replication_role = replica")
        for guard in ("audit_entry_hash_is_of_body", "audit_entry_seq_from_one"):
            superuser.execute(f"ALTER TABLE audit_entry DROP CONSTRAINT {guard}")
        yield superuser


def last_seq(superuser: psycopg.Connection[Any]) -> int:
    row = superuser.execute("SELECT max(seq) FROM audit_entry").fetchone()
    assert row is not None
    return int(row[0])


def verified(world: World) -> tuple[int, str]:
    """The exit status of `verify_ledger --tenant acme`, and what it printed of acme."""
    said = io.StringIO()
    status = 0
    try:
        call_command("verify_ledger", tenant="acme", stdout=said)
    except SystemExit as left:
        status = int(left.code or 0)
    return status, " ".join(said.getvalue().split())


def sign_again(superuser: psycopg.Connection[Any], world: World, key: Signer, *, from_seq: int) -> None:
    """Rewrite every entry from there with other payloads, hashes, links and signatures that all fit."""
    rows = superuser.execute("SELECT seq, body, hash FROM audit_entry ORDER BY seq").fetchall()
    prev = genesis(world.acme) if from_seq == 1 else rows[from_seq - 2][2]
    for seq, body, _ in rows[from_seq - 1 :]:
        said = {**json.loads(body), "prev": prev.hex(), "kid": key.kid}
        said["payload"] = {"n": "rewritten"}
        if seq == 1:
            said["payload"] = {"kid": key.kid, "public_key": to_base64(key.public_key)}
        forged = canonical(said)
        superuser.execute(
            "UPDATE audit_entry SET body = %s, hash = %s, signature = %s, prev = %s, kid = %s WHERE seq = %s",
            [forged, digest(forged), key.sign(digest(forged)), prev, key.kid, seq],
        )
        prev = digest(forged)
    superuser.execute("UPDATE audit_head SET hash = %s", [prev])
