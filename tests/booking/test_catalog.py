"""The catalog in memory is what the tables say, or it is not used: whoever changed them, in whatever transaction."""

from typing import Any

import psycopg
import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from booking import catalog as module
from booking.api import EventTypeNotFound, get_event_type
from booking.catalog import TABLES, catalog
from booking.models import EventType, EventTypeHost, Host, Resource, Schedule, WeeklyHours
from kernel.stamps import one_look, stamps
from tests.database import World


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_table_of_the_catalog_changes_its_stamp(world: World, table: type[models.Model]) -> None:
    name = table._meta.db_table
    with world.owner("acme") as database:
        seen = {_stamp_of(database, name)}
        for change in (f"UPDATE {name} SET id = id WHERE false", f"DELETE FROM {name} WHERE false"):
            statement = change if table is not Host else change.replace("id = id", "name = name")
            database.execute(statement)  # type: ignore[arg-type]
            seen.add(_stamp_of(database, name))
    assert len(seen) == 3


def _stamp_of(database: "psycopg.Connection[Any]", table: str) -> str:
    (stamps,) = database.execute("SELECT stamps FROM booking_catalog").fetchone() or ({},)
    return str(stamps[table])


def test_the_stamp_that_the_version_before_asks_for_changes_as_well(world: World) -> None:
    """In a rolling update its processes serve on beside a schema that is migrated already."""
    with world.owner("acme") as database:
        before = database.execute("SELECT stamp FROM booking_catalog").fetchone()
        database.execute("UPDATE booking_host SET name = name")
        assert database.execute("SELECT stamp FROM booking_catalog").fetchone() != before


def test_another_connections_change_is_seen_at_the_next_look(world: World) -> None:
    with world.enter("acme"):
        assert get_event_type("intro-call").title == "Intro call"
        with world.app("acme") as other:
            other.execute("UPDATE booking_eventtype SET title = 'Hello' WHERE slug = 'intro-call'")
            assert get_event_type("intro-call").title == "Hello"
            other.execute("UPDATE booking_eventtype SET active = false WHERE slug = 'intro-call'")
        with pytest.raises(EventTypeNotFound):
            get_event_type("intro-call")


def test_what_was_rolled_back_is_never_kept(world: World) -> None:
    with world.enter("acme"):
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  where it raises is the point
            EventType.objects.filter(slug="intro-call").update(title="Never")
            assert catalog().event_types["intro-call"].title == "Never"
            raise ZeroDivisionError
        assert catalog().event_types["intro-call"].title == "Intro call"


def test_an_unchanged_catalog_is_not_read_again_and_a_request_looks_once(world: World) -> None:
    with world.enter("acme"):
        first = catalog()
        with CaptureQueriesContext(connection) as asked:
            assert catalog() is first
        assert len(asked) == 1  # the stamps
        with one_look(), CaptureQueriesContext(connection) as asked:
            assert catalog() is catalog() is first
        assert len(asked) == 1


def test_within_a_request_a_commit_makes_it_look_again(world: World) -> None:
    with world.enter("acme"), one_look():
        before = catalog()
        with transaction.atomic():
            Schedule.objects.update(time_zone="Europe/Berlin")
        after = catalog()
    assert {each.zone for each in before.hours.values()} == {"Europe/Lisbon"}
    assert {each.zone for each in after.hours.values()} == {"Europe/Berlin"}


def test_reading_it_is_one_statement_whatever_there_is(world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            catalog()
        return len(asked)

    with world.enter("acme"):
        catalog()
        _one_more_host()
        assert statements() == 2  # the stamps, and the whole catalog
        for _ in range(3):
            _one_more_host()
        assert statements() == 2


def test_tenants_never_share_a_catalog(world: World) -> None:
    with world.enter("acme"):
        ours = catalog()
    with world.enter("northwind"):
        theirs = catalog()
        assert stamps()["catalog"] == theirs.stamp
    assert not set(ours.event_types) & set(theirs.event_types)


def _one_more_host() -> None:
    number = Host.objects.count()
    host = Host.objects.create(
        resource=Resource.objects.create(kind="host", name=f"Host {number}"), name=f"Host {number}",
        slug=f"host-{number}", email=f"host-{number}@acme.example", time_zone="Europe/Lisbon",
    )  # fmt: skip
    schedule = Schedule.objects.create(host=host, time_zone="Europe/Lisbon")
    WeeklyHours.objects.create(schedule=schedule, weekday=0, start_minute=540, end_minute=600)
    EventTypeHost.objects.create(event_type=EventType.objects.get(slug="intro-call"), host=host)


def test_a_new_catalog_takes_over_what_did_not_change(world: World) -> None:
    with world.enter("acme"):
        before = catalog()
        with world.app("acme") as other:
            other.execute("UPDATE booking_eventtype SET title = 'Hello' WHERE slug = 'intro-call'")
        after = catalog()
        assert (before.event_types["intro-call"].title, after.event_types["intro-call"].title) == (
            "Intro call",
            "Hello",
        )
        assert all(after.hosts[pk] is before.hosts[pk] for pk in before.hosts), "nobody touched the hosts"
        assert after.event_types["consultation"] == before.event_types["consultation"]


def test_only_the_tables_that_changed_are_read(world: World) -> None:
    with world.enter("acme"):
        catalog()
        with world.app("acme") as other:
            other.execute("UPDATE booking_eventtype SET title = 'Hello' WHERE slug = 'intro-call'")
        with CaptureQueriesContext(connection) as asked:
            catalog()
    _, read = (query["sql"] for query in asked)
    assert "FROM booking_eventtype AS" in read
    assert "booking_host" not in read


def test_a_change_between_the_stamps_and_the_tables_is_read_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamps tell of one table; by the time of reading another has changed too: the catalog is of one state."""
    told = module._told

    def late(names: set[str]) -> object:
        if names == {"booking_eventtype"}:
            with world.app("acme") as other:
                other.execute("UPDATE booking_host SET name = 'Late' WHERE slug = 'ana'")
        return told(names)

    with world.enter("acme"):
        catalog()
        monkeypatch.setattr(module, "_told", late)
        with world.app("acme") as other:
            other.execute("UPDATE booking_eventtype SET title = 'Hello' WHERE slug = 'intro-call'")
        after = catalog()
        assert after.event_types["intro-call"].title == "Hello"
        assert "Late" in {host.name for host in after.hosts.values()}
        assert after is catalog(), "it was kept under the stamps that it was read under"


def test_what_points_to_a_row_that_changed_is_made_anew(world: World) -> None:
    """An instance keeps the row that it points to once it was asked for: it must not be taken over with it."""
    with world.enter("acme"):
        pk = get_event_type("consultation").pk
        (row, *_) = catalog().hosts_of[pk]
        assert row.host.name != "Another"
        with world.app("acme") as other:
            other.execute("UPDATE booking_host SET name = 'Another' WHERE resource_id = %s", [row.host_id])
        (row, *_) = catalog().hosts_of[pk]
        assert row.host.name == "Another"


def test_rows_read_for_the_catalog_are_what_the_orm_reads(world: World) -> None:
    with world.enter("acme"):
        known = catalog()
        for model, kept in ((EventType, known.event_types.values()), (Host, known.hosts.values())):
            for instance in kept:
                stored = model._default_manager.get(pk=instance.pk)
                assert (instance == stored, instance._state.adding, instance._state.db) == (
                    True,
                    False,
                    "default",
                )
                for field in model._meta.concrete_fields:
                    assert getattr(instance, field.attname) == getattr(stored, field.attname)
