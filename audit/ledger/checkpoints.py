"""Checkpoints: what each ledger was, signed and kept outside the database, so that no end can be rewritten.

`<HOLDFAST_CHECKPOINTS>/<schema>/<date>.note`, one file per day that has any, replaced while the day lasts.
A new one is grown from the last one and never signed over a ledger that no longer continues it.
"""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from django.conf import settings

from audit.ledger.canonical import digest, genesis
from audit.ledger.checkpoint_key import checkpoint_public_key, checkpoint_signer
from audit.ledger.merkle import Frontier
from audit.ledger.notes import BadNote, Checkpoint, read_note, signed_note
from audit.ledger.tenants import schemas
from audit.verification.rows import Snapshot, snapshot
from kernel.tenancy import current_schema, entered

log = logging.getLogger(__name__)


class Checkpointed(NamedTuple):
    """What became of one tenant's checkpoint; `because` says why one was refused."""

    tenant: str
    state: Literal["written", "unchanged", "refused"]
    size: int
    because: str = ""


class _Discontinued(Exception):
    """The ledger does not continue what the last checkpoint saw."""


def write_checkpoints(now: datetime) -> tuple[Checkpointed, ...]:
    """Write a checkpoint of every tenant whose ledger grew.

    Refused, and logged as an error, where the ledger does not continue its last checkpoint: verification says
    what is wrong. Raises CheckpointKeyMissing.
    """
    done = []
    for schema in schemas():
        with entered(schema):
            done.append(write_checkpoint(now))
    return tuple(done)


def write_checkpoint(now: datetime) -> Checkpointed:
    """The same for the current tenant; reads only what is newer than the last checkpoint. The clock's, each minute."""
    tenant = current_schema()
    signer = checkpoint_signer()
    last: Checkpoint | None = None
    try:
        last = newest_checkpoint(tenant, public_key=signer.public_key)
        with snapshot(after=last.size if last else 0) as ledger:
            checkpoint = _continued(tenant, last, ledger, now)
        if checkpoint is None:
            return Checkpointed(tenant, "unchanged", last.size if last else 0)
        _put(_folder(tenant) / f"{now.astimezone(UTC):%Y-%m-%d}.note", signed_note(checkpoint, signer))
    except (BadNote, _Discontinued, OSError) as error:
        log.error("No checkpoint of %s: %s", tenant, error)
        return Checkpointed(tenant, "refused", last.size if last else 0, str(error))
    return Checkpointed(tenant, "written", checkpoint.size)


def checkpoints(tenant: str) -> list[Checkpoint]:
    """Every checkpoint kept of `tenant`, oldest first. Raises BadNote for one that was tampered with."""
    public_key = checkpoint_public_key()
    files = _files(tenant)
    if public_key is None:
        if files:
            raise BadNote(f"{files[0]} cannot be checked: the public checkpoint key is missing")
        return []
    return [_read(file, tenant, public_key) for file in files]


def notes_of(tenant: str) -> dict[str, str]:
    """The signed notes kept of `tenant` as they are, by file name, oldest first; not checked."""
    return {file.name: file.read_text(encoding="utf-8") for file in _files(tenant)}


def newest_checkpoint(tenant: str, *, public_key: bytes) -> Checkpoint | None:
    """The last checkpoint kept of `tenant`. Raises BadNote."""
    files = _files(tenant)
    return _read(files[-1], tenant, public_key) if files else None


def _continued(tenant: str, last: Checkpoint | None, ledger: Snapshot, now: datetime) -> Checkpoint | None:
    """The checkpoint of the ledger as it stands; None if nothing was added. Raises _Discontinued."""
    size, end = ledger.head or (0, b"")
    seen = last.size if last else 0
    link = last.last if last else genesis(tenant)
    if size < seen or (size == seen and end != link):
        raise _Discontinued(f"the ledger stands at {size}, and {seen} entries were seen before")
    if size == seen:
        return None
    frontier = last.frontier if last else Frontier()
    first_key = last.first_key if last else ""
    for row in ledger.rows:
        if row.seq != frontier.size + 1 or row.prev != link or digest(row.body) != row.hash:
            raise _Discontinued(f"entry {row.seq} does not continue entry {frontier.size}")
        first_key = first_key or row.kid
        frontier, link = frontier.add(row.hash), row.hash
    if frontier.size != size or link != end:
        raise _Discontinued(f"the entries end at {frontier.size}, and the head stands at {size}")
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Checkpoint(tenant, at, link, first_key, frontier)


def _read(file: Path, tenant: str, public_key: bytes) -> Checkpoint:
    try:
        checkpoint = read_note(file.read_text(encoding="utf-8"), public_key=public_key)
    except (BadNote, UnicodeDecodeError) as error:
        raise BadNote(f"the checkpoint {file} was tampered with: {error}") from error
    if checkpoint.tenant != tenant:
        raise BadNote(f"the checkpoint {file} is of another tenant, {checkpoint.tenant}")
    return checkpoint


def _files(tenant: str) -> list[Path]:
    return sorted(_folder(tenant).glob("*.note"))


def _folder(tenant: str) -> Path:
    return Path(settings.HOLDFAST_CHECKPOINTS) / tenant


def _put(path: Path, note: str) -> None:
    """Replace the file whole or not at all, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
