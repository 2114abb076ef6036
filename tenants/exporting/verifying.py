"""Proving an exported file anywhere: no database, no network, no Django; the file, and what the owner knows.

What the file alone shows: every entry is signed and chained by the keys that the chain names, an entry signs the
list of files, each file is as listed, each opened value is as committed. Who rewrote all of it with a key of their
own is found by what was kept elsewhere: the id of the first key, or checkpoints.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from audit.ledger.notes import BadNote, Checkpoint, read_note
from audit.verification.core import Row, Verdict, verify
from audit.verification.lines import BadLine, entry_of, is_as_committed, keys_of, number_of
from tenants.exporting.form import (
    CHECKPOINT_KEY,
    CHECKPOINTS,
    ENTRIES,
    EXPORTED,
    FORM,
    KEYS,
    MANIFEST,
    PERSONAL,
)

_CHUNK_BYTES = 1 << 16


class NotAnExport(Exception):
    """The file cannot be read, or is none of ours; the message says which."""


class Altered(Exception):
    """The file is not as it was taken; the message says where, as a sentence."""


@dataclass(frozen=True)
class Known:
    """What the owner kept apart from the file: the first key's id, the platform's checkpoints and their key."""

    first_key: str = ""
    notes: Sequence[str] = ()
    checkpoint_key: bytes | None = None


@dataclass(frozen=True)
class Proof:
    """What was proven of a file."""

    name: str
    exported_at: str
    tables: int
    rows: int
    entries: int
    signed_by: int
    first_key: str
    opened: int
    erased: int
    checkpoint: Checkpoint | None


@dataclass
class _Seen:
    """What passes by while the chain is read: the entries that signed a manifest, and the opened values."""

    exports: dict[str, int] = field(default_factory=dict)
    opened: int = 0
    erased: int = 0


def verify_export(file: Path, *, known: Known | None = None) -> Proof:
    """Prove the file. Raises `Altered` with the first thing that is wrong, `NotAnExport` if it cannot be read.

    Reads it once, in order; memory does not grow with it.
    """
    try:
        with ZipFile(file) as archive:
            return _proven(archive, known or Known())
    except (OSError, BadZipFile, EOFError, zlib.error, NotImplementedError, KeyError) as error:
        raise NotAnExport(f"{file} cannot be read: {error}".strip()) from error


def _proven(archive: ZipFile, known: Known) -> Proof:
    manifest, digest = _manifest(archive)
    rows = _check_files(archive, manifest["files"])
    seen = _Seen()
    verdict, first_key = _check_ledger(archive, str(manifest["tenant"]), known, seen)
    if digest not in seen.exports:
        raise Altered(
            "No entry of the ledger signs this manifest.json: it was altered, or is another file’s."
        )
    return Proof(
        name=str(manifest["name"]),
        exported_at=str(manifest["exported_at"]),
        tables=sum(name.startswith("data/") for name in manifest["files"]),
        rows=rows,
        entries=verdict.entries,
        signed_by=seen.exports[digest],
        first_key=first_key,
        opened=seen.opened,
        erased=seen.erased,
        checkpoint=verdict.checkpoint,
    )


def _manifest(archive: ZipFile) -> tuple[dict[str, Any], str]:
    names = archive.namelist()
    if MANIFEST not in names:
        raise NotAnExport("It holds no manifest.json: this is not a file that Holdfast exported.")
    if len(set(names)) != len(names):
        raise Altered("A name stands twice in it.")
    content = archive.read(MANIFEST)
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise Altered(f"manifest.json is not JSON: {error}.") from error
    if not isinstance(manifest, dict) or manifest.get("form") != FORM:
        raise NotAnExport(
            f"manifest.json does not say {FORM}: this is another version’s, or another program’s."
        )
    return manifest, hashlib.sha256(content).hexdigest()


def _check_files(archive: ZipFile, files: dict[str, Any]) -> int:
    """Compare each listed file with its digest, and find those that are not listed; return the rows of all tables."""
    ledgers = {MANIFEST, ENTRIES, KEYS, PERSONAL, CHECKPOINT_KEY}
    there = {name for name in archive.namelist() if name not in ledgers and not name.startswith(CHECKPOINTS)}
    for name in sorted(files.keys() - there):
        raise Altered(f"{name} is missing.")
    for name in sorted(there - files.keys()):
        raise Altered(f"{name} was put in: the manifest does not list it.")
    rows = 0
    for name, said in files.items():
        digest, lines = hashlib.sha256(), 0
        with archive.open(name) as content:
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
                lines += chunk.count(b"\n")
        if digest.hexdigest() != said.get("sha256"):
            raise Altered(f"{name} was altered: its bytes do not give the digest in the manifest.")
        rows += lines if name.startswith("data/") else 0
    return rows


def _check_ledger(archive: ZipFile, tenant: str, known: Known, seen: _Seen) -> tuple[Verdict, str]:
    try:
        keys, head = keys_of(archive.read(KEYS).decode())
        if not keys:
            raise Altered("The ledger has no keys.")
        if known.first_key and keys[0].kid != known.first_key:
            raise Altered(f"The ledger begins with key {keys[0].kid}, not with {known.first_key}.")
        kept = _checkpoints(archive, tenant, known)
        verdict = verify(tenant, _passing(archive, seen), keys=keys, head=head, checkpoints=kept)
    except (BadLine, BadNote, UnicodeDecodeError) as error:
        raise Altered(f"The ledger: {error}.") from error
    if verdict.fault is not None:
        raise Altered(f"The ledger: {verdict.fault}.")
    return verdict, keys[0].kid


def _checkpoints(archive: ZipFile, tenant: str, known: Known) -> list[Checkpoint]:
    """Read the checkpoints in the file with the key in the file, and those kept elsewhere with the key kept there."""
    notes = [archive.read(name).decode() for name in archive.namelist() if name.startswith(CHECKPOINTS)]
    found = []
    if notes:
        found += [
            read_note(note, public_key=bytes.fromhex(archive.read(CHECKPOINT_KEY).decode())) for note in notes
        ]
    if known.checkpoint_key is not None:
        found += [read_note(note, public_key=known.checkpoint_key) for note in known.notes]
    for checkpoint in found:
        if checkpoint.tenant != tenant:
            raise BadNote(f"a checkpoint is of another tenant, {checkpoint.tenant}")
    return found


def _passing(archive: ZipFile, seen: _Seen) -> Iterator[Row]:
    """Yield the entries, and compare the opened values with what each says, in step. Raises Altered."""
    with archive.open(ENTRIES) as entries, archive.open(PERSONAL) as personal:
        values = TextIOWrapper(personal, encoding="utf-8", newline="\n")
        line = values.readline()
        for entry in TextIOWrapper(entries, encoding="utf-8", newline="\n"):
            row = entry_of(entry)
            yield row  # proven by whoever reads, before the next is asked for
            body = json.loads(row.body)
            if row.action == EXPORTED:
                seen.exports[str(body["payload"].get("manifest"))] = row.seq
            if body["personal"]:
                _check_opened(line, body, row.seq, seen)
                line = values.readline()
        if line:
            raise Altered("ledger/personal.jsonl holds values that no entry speaks of.")


def _check_opened(line: str, body: dict[str, Any], seq: int, seen: _Seen) -> None:
    if not line or number_of(line) != seq:
        raise Altered(f"The personal values of entry {seq} are missing from ledger/personal.jsonl.")
    if not is_as_committed(line, body):
        raise Altered(f"The personal values of entry {seq} are not what was signed.")
    if json.loads(line)["values"] is None:
        seen.erased += 1
    else:
        seen.opened += 1
