"""One file with everything that is a business's: rows, messages, ledger and public keys, proven by the ledger itself.

First the rows are written, as one moment saw them; then an entry signs the digest of the list of files; then the
ledger is written, with that entry in it. So whoever trusts the ledger's key can prove every row. docs/export.md.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db import connection, transaction

from audit.api import Actor, checkpoint_public_key, notes_of, opened, record, snapshot
from audit.verification.lines import entry_line, keys_text, opened_line
from kernel.tenancy import entered
from tenants.exporting.contents import LEFT_OUT, WITHHELD, tables_of
from tenants.exporting.form import (
    CHECKPOINT_KEY,
    CHECKPOINTS,
    ENTRIES,
    EXPORTED,
    FORM,
    KEYS,
    MANIFEST,
    PERSONAL,
    README,
)
from tenants.models import Tenant

_TEXT: Final = """\
Everything that {name} had in Holdfast on {day}.

data/*.jsonl          one file for each table, one row in each line, as JSON
ledger/               the signed ledger: entries, public keys, checkpoints; personal.jsonl opens what was encrypted
manifest.json         each file's SHA-256 and number of rows, and what was left out and why

Prove it on any machine with Holdfast's code, without a database and without a network:

    bin/holdfast verify --file {file}

What it proves, and how to do it without that code, is written in docs/export.md and docs/ledger.md.
"""


@dataclass(frozen=True)
class Exported:
    """What was put into a file."""

    tables: int
    rows: int
    entries: int
    first_key: str


@dataclass
class _Archive:
    """A ZIP file that grows; `files` is what the manifest says of each."""

    zip: ZipFile
    at: datetime
    files: dict[str, dict[str, str | int]] = field(default_factory=dict)

    def put(self, name: str, lines: Iterable[str]) -> int:
        """Write one file, a line at a time; return how many lines."""
        count, digest = 0, hashlib.sha256()
        about = ZipInfo(name, self.at.timetuple()[:6])
        about.compress_type, about.external_attr = ZIP_DEFLATED, 0o600 << 16
        with self.zip.open(about, "w", force_zip64=True) as file:
            for line in lines:
                encoded = line.encode() + b"\n"
                digest.update(encoded)
                file.write(encoded)
                count += 1
        self.files[name] = {"sha256": digest.hexdigest(), "rows": count}
        return count


def export_tenant(tenant: Tenant, *, target: BinaryIO, file: str, actor: Actor, now: datetime) -> Exported:
    """Write everything that is `tenant`'s to `target` (a ZIP file called `file`), and sign that it was taken.

    The rows are one moment's (REPEATABLE READ); memory does not grow with them. O(rows), one query a table.
    """
    with entered(tenant.schema_name), ZipFile(target, "w", ZIP_DEFLATED) as zip_file:
        archive = _Archive(zip_file, now)
        archive.put(README, [_TEXT.format(name=tenant.name, day=f"{now:%Y-%m-%d}", file=file)])
        _put_rows(archive, tenant)
        data = dict(archive.files)
        manifest = _manifest(tenant, data, now)
        archive.put(MANIFEST, [manifest])
        rows = sum(int(each["rows"]) for each in data.values()) - 1  # the README is none
        _sign(tenant, manifest, tables=len(data) - 1, rows=rows, actor=actor)
        entries, first_key = _put_ledger(archive, tenant)
    return Exported(tables=len(data) - 1, rows=rows, entries=entries, first_key=first_key)


def _put_rows(archive: _Archive, tenant: Tenant) -> None:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in tables_of(tenant):
            archive.put(f"data/{table.name}.jsonl", table.rows())


def _manifest(tenant: Tenant, files: dict[str, dict[str, str | int]], now: datetime) -> str:
    said = {
        "form": FORM,
        "tenant": tenant.schema_name,
        "slug": tenant.slug,
        "name": tenant.name,
        "exported_at": now.isoformat(),
        "files": files,
        "left_out": LEFT_OUT,
        "withheld": [f"{table}.{column}" for table, columns in WITHHELD.items() for column in columns],
    }
    return json.dumps(said, ensure_ascii=False, indent=1)


def _sign(tenant: Tenant, manifest: str, *, tables: int, rows: int, actor: Actor) -> None:
    with transaction.atomic():
        record(
            EXPORTED,
            subject=f"tenant:{tenant.slug}",
            actor=actor,
            payload={
                "manifest": hashlib.sha256(manifest.encode() + b"\n").hexdigest(),
                "tables": tables,
                "rows": rows,
            },
            reversible="none",
            because="What was taken away cannot be taken back.",
        )


def _put_ledger(archive: _Archive, tenant: Tenant) -> tuple[int, str]:
    """Write the ledger as it stands now; return its number of entries and the id of its first key."""
    with snapshot() as ledger:
        assert ledger.head is not None  # the export's own entry stands there
        keys, head = ledger.keys, ledger.head
        entries = archive.put(ENTRIES, map(entry_line, ledger.rows))
    archive.put(KEYS, [keys_text(keys, head=head)])
    archive.put(PERSONAL, _opened(last=head[0]))
    for name, note in notes_of(tenant.schema_name).items():
        archive.put(f"{CHECKPOINTS}{name}", [note.removesuffix("\n")])
    if public_key := checkpoint_public_key():
        archive.put(CHECKPOINT_KEY, [public_key.hex()])
    return entries, keys[0].kid


def _opened(*, last: int) -> Iterator[str]:
    with snapshot() as ledger:
        bodies = (json.loads(row.body) for row in ledger.rows if row.seq <= last)
        yield from (opened_line(seq, values) for seq, values in opened(bodies))
