"""What a transaction records is in the ledger if, and only if, it commits; in one chain, whoever writes."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from audit.api import (
    Actor,
    Entry,
    LedgerNotFounded,
    NotInTransaction,
    body_of_entry,
    record,
    verify_ledger,
    write_checkpoints,
)
from audit.models import Head
from kernel.clock import now
from kernel.tenancy import entered
from tests.database import World

ACTOR = Actor("user", "7")


def said(action: str, **more: Any) -> None:
    record(action, subject="meeting:m1", actor=ACTOR, payload={}, **more)


def actions(world: World, tenant: str = "acme") -> list[str]:
    """The actions recorded since the ledger was founded."""
    with world.enter(tenant):
        return list(Entry.objects.filter(subject="meeting:m1").values_list("action", flat=True))


def test_entries_of_a_transaction_follow_each_other_in_order(world: World) -> None:
    with world.enter("acme"):
        before = Head.objects.get().seq
        with transaction.atomic():
            said("one")
            said("two", run_id=2**53 + 1, step_id=4, reverses=1, reversible="partial", because="why")
            assert Entry.objects.filter(subject="meeting:m1").count() == 0
        first, second = Entry.objects.filter(subject="meeting:m1")
        assert (first.seq, second.seq) == (before + 1, before + 2)
        assert bytes(second.prev) == bytes(first.hash)
        assert first.xid == second.xid
        body = body_of_entry(second)
        assert body["run"] == "9007199254740993"
        assert (body["step"], body["reverses"]) == ("4", "1")
        assert (body["reversible"], body["because"]) == ("partial", "why")
        assert (second.run_id, second.step_id, second.reverses) == (2**53 + 1, 4, 1)
        assert body["actor"] == {"type": "user", "id": "7", "on_behalf_of": None}
        assert body["ts"] == f"{second.created_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        assert (body["tenant"], body["seq"]) == (world.acme, str(second.seq))
    assert verify_ledger(world.acme, now=now()).words.startswith(f"{second.seq} entries")


def test_rolled_back_savepoint_takes_its_entries_with_it(world: World) -> None:
    with world.enter("acme"), transaction.atomic():
        said("kept before")
        with suppress(KeyError), transaction.atomic():
            said("dropped")
            with transaction.atomic():
                said("dropped, though its own savepoint was released")
            raise KeyError
        with transaction.atomic():
            said("kept inside")
            with suppress(KeyError), transaction.atomic():
                said("dropped too")
                raise KeyError
        said("kept after")
    assert actions(world) == ["kept before", "kept inside", "kept after"]


def test_rolled_back_transaction_leaves_nothing_for_the_next(world: World) -> None:
    with world.enter("acme"):
        with suppress(KeyError), transaction.atomic():
            said("dropped")
            raise KeyError
        with transaction.atomic():
            said("kept")
    assert actions(world) == ["kept"]


def _died(wrapper: Any) -> None:
    """The database connection is gone, and no hook was told."""
    wrapper.needs_rollback = wrapper.closed_in_transaction = True
    wrapper.connection.close()


@pytest.mark.parametrize("lose", [lambda wrapper: wrapper.close(), _died], ids=["closed", "died"])
def test_lost_connection_leaves_nothing_for_the_next_transaction(
    world: World, lose: Callable[[Any], None]
) -> None:
    with world.enter("acme"):
        with suppress(KeyError), transaction.atomic():
            said("dropped")
            lose(connections["default"])
            raise KeyError
        with transaction.atomic():
            said("kept")
    assert actions(world) == ["kept"]


def test_recording_needs_a_transaction_and_a_tenant(world: World) -> None:
    with world.enter("acme"), pytest.raises(NotInTransaction, match="outside a transaction"):
        said("nowhere")
    with pytest.raises(NotInTransaction, match="outside every tenant"), transaction.atomic():
        said("nowhere")
    assert actions(world) == []


def test_recording_after_the_commit_began_is_refused(world: World) -> None:
    refused: list[Exception] = []

    def too_late() -> None:
        try:
            said("too late")
        except NotInTransaction as error:
            refused.append(error)

    with world.enter("acme"), transaction.atomic():
        said("kept")
        transaction.on_commit(too_late)
    assert [str(error) for error in refused] == [
        "too late was recorded outside a transaction, or after its commit began."
    ]
    assert actions(world) == ["kept"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"payload": {"when": now()}},
        {"subject": ""},
        {"personal": {"name": "Ana"}},
        {"personal": {"name": 7}, "person": "p"},
        {"because": "\0"},
    ],
)
def test_what_cannot_be_signed_is_refused_where_it_is_recorded(world: World, wrong: dict[str, Any]) -> None:
    with world.enter("acme"), transaction.atomic(), pytest.raises(ValueError, match=r"\w"):
        record("x", **{"subject": "meeting:m1", "actor": ACTOR, "payload": {}, **wrong})
    assert actions(world) == []


def change_unsigned() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO change VALUES (1)")
        said("unsigned")


def test_failed_append_rolls_the_business_change_back(world: World) -> None:
    with world.owner("acme") as owner:
        owner.execute("CREATE TABLE change (n int)")
        owner.execute("GRANT ALL ON change TO holdfast_app")
        owner.execute("ALTER TABLE audit_key DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_key")
        with world.enter("acme"):
            with pytest.raises(LedgerNotFounded, match="has no signing key in force"):
                change_unsigned()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM change")
                assert cursor.fetchone() == (0,)
    assert actions(world) == []


def test_one_transaction_may_speak_in_two_ledgers(world: World) -> None:
    with transaction.atomic():
        with world.enter("northwind"):
            said("there")
        with world.enter("acme"):
            said("here")
    assert (actions(world), actions(world, "northwind")) == (["here"], ["there"])
    write_checkpoints(now())
    for schema in (world.acme, world.northwind):
        assert verify_ledger(schema, now=now()).outcome == 0


def test_concurrent_writers_make_one_gapless_chain(world: World) -> None:
    together = threading.Barrier(4)
    errors: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            together.wait(10)
            for number in range(15):
                with entered(world.acme), transaction.atomic():
                    record("race", subject=f"meeting:{writer}-{number}", actor=ACTOR, payload={"n": number})
                    record("race", subject=f"meeting:{writer}-{number}", actor=ACTOR, payload={"n": number})
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join(60)
    assert errors == []
    with world.enter("acme"):
        assert Entry.objects.filter(action="race").count() == 120
        seqs = list(Entry.objects.values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))
    write_checkpoints(now())
    report = verify_ledger(world.acme, now=now())
    assert (report.outcome, report.entries) == (0, len(seqs))


def test_entry_of_this_transaction_is_found_by_index(world: World) -> None:
    with world.enter("acme"):
        with transaction.atomic():
            for number in range(300):
                record("bulk", subject=f"meeting:{number}", actor=ACTOR, payload={})
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            cursor.execute(
                "EXPLAIN (FORMAT JSON) SELECT FROM audit_entry"
                " WHERE xid = pg_current_xact_id() AND subject = 'meeting:7'"
            )
            plan = json.dumps(cursor.fetchone())
    assert "audit_entry_xid_subject" in plan


def test_flush_costs_two_statements_whoever_is_spoken_of(world: World) -> None:
    with world.enter("acme"):
        with transaction.atomic():
            said("warm", personal={"name": "Ana"}, person="p0")  # opens the signing key and the data key
        for people in ([], ["p1"], ["p1", "p2", "p3"]):
            with CaptureQueriesContext(connection) as captured, transaction.atomic():
                said("counted")
                for person in people:
                    said("counted", personal={"name": "Ana"}, person=person)
            statements = [query["sql"] for query in captured if query["sql"] not in ("BEGIN", "COMMIT")]
            assert len(statements) == 2, statements
