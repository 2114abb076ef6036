"""Personal data: never in the signed bytes in clear, read through the person's key, gone with it."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.api import (
    Actor,
    Entry,
    Outcome,
    PersonalDataAltered,
    body_of_entry,
    erase_person,
    record,
    reveal,
    verify_ledger,
    write_checkpoints,
)
from audit.ledger import personal
from audit.ledger.keys import forget_data_key
from audit.models import PersonKey
from kernel import crypto
from kernel.clock import now
from tests.database import World

ACTOR = Actor("user", "7")
ANA = {"name": "Ana Lima", "email": "ana@example.org"}


def write(person: str = "booking:b1", **values: str) -> Entry:
    with transaction.atomic():
        record("said", subject="meeting:m1", actor=ACTOR, payload={"n": 1}, personal=values, person=person)
    return Entry.objects.order_by("-seq")[0]


def test_personal_data_is_read_through_the_key_and_never_in_clear(world: World) -> None:
    with world.enter("acme"):
        entry = write(**ANA)
        assert reveal(entry) == ANA
        again = write(**ANA)
    with world.superuser("acme") as superuser:
        rows = superuser.execute("SELECT string_agg(t::text, ' ') FROM audit_entry t").fetchone()
    assert rows is not None
    stored = bytes(entry.body) + bytes(again.body) + rows[0].encode()
    for value in ANA.values():
        assert value.encode() not in stored
        assert value.encode().hex().encode() not in stored
    first, second = body_of_entry(entry)["personal"], body_of_entry(again)["personal"]
    assert first["email"]["commit"] != second["email"]["commit"]  # salted: equal values do not look equal


def test_data_key_that_was_exchanged_behind_this_process_is_noticed(world: World) -> None:
    with world.enter("acme"):
        write(name="Ana")  # this process knows the data key from here on
        other = crypto.new_key()
        wrapped = crypto.wrap(other, aad="audit_data_key/1")
        with world.superuser("acme") as superuser:
            superuser.execute("UPDATE audit_data_key SET wrapped_key = %s", [wrapped])
        assert reveal(write("booking:b2", name="Ben")) == {"name": "Ben"}
        assert crypto.is_made_with(other, bytes(PersonKey.objects.get(person="booking:b2").wrapped_key))


def test_a_secret_is_opened_with_the_key_that_made_it_though_it_was_exchanged_since(world: World) -> None:
    with world.enter("acme"):
        before = crypto.seal(b"one", aad="here")
        assert crypto.open_sealed(before, aad="here") == b"one"  # this process knows the key from here on
        with CaptureQueriesContext(connection) as seen:
            assert crypto.open_sealed(before, aad="here") == b"one"
        assert seen.captured_queries == []
        wrapped = crypto.wrap(crypto.new_key(), aad="audit_data_key/1")
        with world.superuser("acme") as superuser:
            superuser.execute("UPDATE audit_data_key SET wrapped_key = %s", [wrapped])
        after = crypto.seal(b"two", aad="here")
        assert crypto.open_sealed(after, aad="here") == b"two"
        forget_data_key()
        with pytest.raises(crypto.CannotOpen):
            crypto.open_sealed(before, aad="here")


def test_entry_without_personal_data_reveals_nothing(world: World) -> None:
    with world.enter("acme"):
        assert reveal(Entry.objects.get(seq=1)) == {}


def test_erased_person_is_gone_and_the_chain_still_verifies(world: World) -> None:
    with world.enter("acme"):
        ana = write("booking:b1", **ANA)
        ben = write("booking:b2", name="Ben")
        with transaction.atomic():
            assert erase_person("booking:b1", actor=ACTOR) is True
        assert (reveal(ana), reveal(ben)) == (None, {"name": "Ben"})
        said = Entry.objects.order_by("-seq")[0]
        assert (said.action, said.subject) == ("ledger.person_erased", "person:booking:b1")
        with transaction.atomic():
            assert erase_person("booking:b1", actor=ACTOR) is False
        assert Entry.objects.order_by("-seq")[0].seq == said.seq
    write_checkpoints(now())
    assert verify_ledger(world.acme, now=now()).outcome is Outcome.OK


def test_person_who_comes_back_does_not_bring_the_erased_back(world: World) -> None:
    with world.enter("acme"):
        before = write("booking:b1", **ANA)
        with transaction.atomic():
            erase_person("booking:b1", actor=ACTOR)
        after = write("booking:b1", name="Ana again")
        assert (reveal(before), reveal(after)) == (None, {"name": "Ana again"})


def test_erasure_that_is_rolled_back_erases_nothing(world: World) -> None:
    with world.enter("acme"):
        entry = write(**ANA)
        with transaction.atomic():
            erase_person("booking:b1", actor=ACTOR)
            transaction.set_rollback(True)
        assert reveal(entry) == ANA


def test_value_that_was_not_committed_to_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.enter("acme"):
        monkeypatch.setattr(personal, "commitment", lambda salted: b"other")
        entry = write(**ANA)
        monkeypatch.undo()
        with pytest.raises(PersonalDataAltered, match=f"Entry {entry.seq}"):
            reveal(entry)


def test_each_person_has_one_key_made_in_order(world: World) -> None:
    with world.enter("acme"):
        with transaction.atomic():
            for person in ("p3", "p1", "p2", "p1"):
                record("said", subject="meeting:m1", actor=ACTOR, payload={}, personal=ANA, person=person)
        assert list(PersonKey.objects.values_list("person", flat=True).order_by("person")) == [
            "p1",
            "p2",
            "p3",
        ]
        last = list(Entry.objects.order_by("-seq")[:4])
        assert [reveal(entry) for entry in last] == [ANA] * 4
