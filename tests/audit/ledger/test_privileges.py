"""The application's role can read the ledger and append to it by its functions, and nothing else."""

import json
from typing import Any

import psycopg
import pytest
from django.db import transaction
from psycopg import errors

from audit.api import Actor, Entry, record
from audit.ledger.canonical import canonical
from tests.database import World

APPEND = "SELECT ledger_append_v1(%s::bytea[], %s::bytea[])"
KINDS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
COLUMNS = {"audit_entry": "kid", "audit_head": "seq", "audit_key": "kid", "audit_data_key": "id"}


@pytest.fixture
def written(world: World) -> World:
    """A world with something in acme's ledger."""
    with world.enter("acme"), transaction.atomic():
        for number in range(3):
            record("said", subject="meeting:m1", actor=Actor("user", "7"), payload={"n": number})
    return world


def contents(world: World) -> list[Any]:
    with world.superuser("acme") as superuser:
        return superuser.execute("SELECT * FROM audit_entry ORDER BY seq").fetchall()


TRICKS = [
    *(f"UPDATE {table} SET {column} = {column}" for table, column in COLUMNS.items()),
    *(f"DELETE FROM {table}" for table in COLUMNS),
    *(f"TRUNCATE {table}" for table in COLUMNS),
    *(f"INSERT INTO {table} SELECT * FROM {table}" for table in COLUMNS),
    *(f"DROP TABLE {table}" for table in COLUMNS),
    "UPDATE audit_person_key SET person = person",
    "TRUNCATE audit_person_key",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
    "DROP TRIGGER audit_entry_append_only ON audit_entry",
    "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_hash_is_of_body",
    "ALTER TABLE audit_entry RENAME TO audit_gone",
    "ALTER TABLE audit_entry OWNER TO holdfast_app",
    "DROP FUNCTION ledger_append_v1(bytea[], bytea[])",
    "ALTER FUNCTION ledger_append_v1(bytea[], bytea[]) RESET search_path",
    "CREATE OR REPLACE FUNCTION ledger_refuse_v1() RETURNS trigger LANGUAGE sql AS ''",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_entry EXECUTE FUNCTION ledger_refuse_v1()",
    "CREATE RULE mine AS ON INSERT TO audit_entry DO INSTEAD NOTHING",
    "CREATE TABLE audit_mine (n int)",
    "CREATE TABLE public.audit_entry (n int)",
    "SET ROLE holdfast_owner",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "DO $$ BEGIN LOCK TABLE audit_entry IN SHARE MODE; END $$",
]


def test_every_trick_of_the_application_is_refused(written: World) -> None:
    before = contents(written)
    answers = {}
    with written.app("acme") as app:
        for trick in TRICKS:
            try:
                app.execute(trick)
            except psycopg.Error as error:
                answers[trick] = type(error)
            app.execute("RESET ROLE")
    assert answers == dict.fromkeys(TRICKS, errors.InsufficientPrivilege)
    assert contents(written) == before


def test_application_cannot_grant_itself_more(written: World) -> None:
    with written.app("acme") as app:
        app.execute("GRANT ALL ON audit_entry, audit_head, audit_key, audit_data_key TO holdfast_app, PUBLIC")
        for table in COLUMNS:
            asked = [f"has_table_privilege('{table}', '{kind}')" for kind in KINDS]
            answer = app.execute(f"SELECT {', '.join(asked)}").fetchone()
            assert answer == (True, False, False, False, False, False, False), table


def test_the_owner_meets_the_triggers(written: World) -> None:
    before = contents(written)
    with written.owner("acme") as owner:
        for verb in (
            "UPDATE audit_entry SET action = ''",
            "DELETE FROM audit_entry",
            "TRUNCATE audit_entry",
        ):
            with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
                owner.execute(verb)
    assert contents(written) == before


def test_temporary_table_does_not_stand_in_for_the_ledger(written: World) -> None:
    with written.app("acme") as app:
        columns = "id int, seq bigint, hash bytea, tenant text, last_at timestamptz"
        try:
            app.execute(f"CREATE TEMPORARY TABLE audit_head ({columns})")
        except errors.InsufficientPrivilege:
            return
        app.execute("INSERT INTO audit_head VALUES (1, 0, '', 'mine', now())")
        row = app.execute("SELECT seq FROM ledger_lock_head_v1()").fetchone()
        assert row == (len(contents(written)),)


MISPLACED: dict[str, dict[str, Any]] = {
    "a gap": {"seq": "99"},
    "another tenant's": {"tenant": "t_other"},
    "another chain": {"prev": "00" * 32},
    "another transaction's": {"xid": "1"},
    "the past": {"ts": "2020-01-01T00:00:00.000000Z"},
    "the future": {"ts": "2099-01-01T00:00:00.000000Z"},
    "an unknown key": {"kid": "f" * 32},
    "not even an entry": {"seq": None},
}


def test_appending_what_does_not_follow_the_head_is_refused(written: World) -> None:
    with written.enter("acme"):
        last = json.loads(bytes(Entry.objects.order_by("-seq")[0].body))
    before = contents(written)
    for what, changes in {**MISPLACED, "": {}}.items():
        with written.app("acme") as app, app.transaction(force_rollback=True):
            row = app.execute("SELECT seq, hash, at, xid, kid FROM ledger_lock_head_v1()").fetchone()
            assert row is not None
            right = {"seq": str(row[0] + 1), "prev": row[1].hex(), "ts": row[2], "xid": row[3], "kid": row[4]}
            arguments = [[canonical({**last, **right, **changes})], [bytes(64)]]
            if what:
                with pytest.raises(errors.CheckViolation, match="does not follow the head"):
                    app.execute(APPEND, arguments)
            else:  # each of the others differed from this one in one field
                assert app.execute(APPEND, arguments).fetchone() == (row[0] + 1,)
    assert contents(written) == before


def test_application_cannot_put_its_own_key_in_force(written: World) -> None:
    with written.app("acme") as app:
        answer = app.execute("SELECT ledger_found_v1('k', 'p', 'w', 'd')").fetchone()
        assert answer == (False,)
        with pytest.raises(errors.CheckViolation, match="is not the one that entry"):
            app.execute("SELECT ledger_rotate_key_v1('k', 'p', 'w')")
