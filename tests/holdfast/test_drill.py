"""The drill passes over a true copy, says what differs in a false one, and leaves no database behind."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from audit.api import write_checkpoints
from holdfast.drill import rehearsal
from holdfast.drill.contents import Contents, differences
from holdfast.drill.rehearsal import rehearse
from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation
from tests.database import World

Spoil = Callable[[World, str], str]


@pytest.fixture(autouse=True)
def folder(world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints of this test's world alone, where the drill's own process looks for them, too."""
    settings.HOLDFAST_CHECKPOINTS = tmp_path / "checkpoints"
    monkeypatch.setenv("HOLDFAST_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path


def installation_of(world: World) -> Installation:
    write_checkpoints(datetime.now(UTC))
    return Installation(
        data=Path(settings.HOLDFAST_DATA), host="127.0.0.1", port=1, database_url=world.app_url(),
        owner_database_url=world.owner_url(), superuser_database_url=world.superuser_url(),
        broker_url="stub://", smtp_url="smtp://127.0.0.1:1",
    )  # fmt: skip


def databases(world: World) -> int:
    with world.superuser() as raw:
        found = raw.execute(
            "SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_drill%'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_true_copy_passes_and_the_dump_can_be_kept(world: World, tmp_path: Path) -> None:
    said: list[str] = []
    findings = rehearse(installation_of(world), say=said.append, keep=tmp_path / "kept.dump")
    assert findings.faults == []
    assert [line.split()[0] for line in said] == ["dumped", "restored", "ok", "ok"]
    assert (tmp_path / "kept.dump").read_bytes()[:5] == b"PGDMP"
    assert (tmp_path / "kept.dump").stat().st_mode & 0o777 == 0o600
    assert databases(world) == 0


CATALOG = "table {acme}.booking_catalog has other contents in the copy"  # its stamp tells of the change


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        (
            "DELETE FROM {acme}.booking_weeklyhours",
            [CATALOG, "table {acme}.booking_weeklyhours has 5 rows, in the copy 0"],
        ),
        (
            "UPDATE {acme}.booking_host SET name = 'A'",
            [CATALOG, "table {acme}.booking_host has other contents in the copy"],
        ),
        (
            "ALTER TABLE {acme}.booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap",
            ["{acme}.booking_occupancy booking_occupancy_no_overlap is not the same in the copy"],
        ),
        (
            "GRANT TRUNCATE ON {acme}.audit_entry TO holdfast_app",
            ["{acme}.audit_entry privileges is not the same in the copy"],
        ),
    ],
)  # fmt: skip
def test_a_copy_that_differs_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, statement: str, faults: list[str]
) -> None:
    restore = rehearsal._restore

    def spoiled(url: str, dump: Path) -> None:
        restore(url, dump)
        with psycopg.connect(url) as copy:
            copy.execute(statement.format(acme=world.acme))  # type: ignore[arg-type]

    monkeypatch.setattr(rehearsal, "_restore", spoiled)
    findings = rehearse(installation_of(world), say=lambda _line: None)
    assert findings.faults == [fault.format(acme=world.acme) for fault in faults]
    assert databases(world) == 0


def test_an_owner_who_may_not_create_a_database_is_told_so(world: World) -> None:
    without = Installation(**{**installation_of(world).__dict__, "superuser_database_url": ""})
    with pytest.raises(StartRefused, match="ALTER ROLE … CREATEDB"):
        rehearse(without, say=lambda _line: None)


def test_a_check_that_only_prints_otherwise_is_the_same_rule() -> None:
    one = Contents({}, {"t c": "CHECK (((s)::text = ANY ((ARRAY['a'::character varying])::text[])))"})
    other = Contents({}, {"t c": "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text])))"})
    false = Contents({}, {"t c": "CHECK (((s)::text = ANY (ARRAY[('b'::character varying)::text])))"})
    assert differences(one, other) == []
    assert differences(one, false) == ["t c is not the same in the copy"]
