"""The sandbox is made of one piece, completed when half made, never confused with a business, and removed whole."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from booking.api import Booking, EventType, Host, Occupancy, WeeklyHours
from holdfast.sandbox import NotASandbox, SandboxIncomplete, make_sandbox, remove_sandbox
from jobs.api import Job
from kernel.tenancy import entered
from tenants.api import Tenant
from tests.database import World

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)  # a Wednesday
FIRST, LAST = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 12, 22, 17, tzinfo=UTC)


@pytest.fixture
def owner(world: World) -> Iterator[World]:
    with world.as_owner():
        yield world


def counts() -> tuple[int, int, int]:
    live = Booking.objects.filter(status=Booking.Status.CONFIRMED)
    return Host.objects.count(), live.count(), Occupancy.objects.filter(retired_at=None).count()


def test_a_sandbox_has_what_load_tests_rely_on_and_a_second_call_adds_only_what_is_missing(
    owner: World,
) -> None:
    tenant = make_sandbox(slug="bench", hosts=3, bookings=6, now=NOW)
    with entered(tenant.schema_name):
        assert counts() == (3, 6, 6)
        assert list(EventType.objects.values_list("slug", "kind", "duration_minutes", "location_kind")) == [
            ("thirty", "one_on_one", 30, "in_person"),
            ("sixty", "one_on_one", 60, "in_person"),
            ("team", "round_robin", 30, "in_person"),
        ]
        assert [sorted(each.hosts.values_list("slug", flat=True)) for each in EventType.objects.all()] == [
            ["solo"],
            ["solo"],
            ["host-001", "host-002", "solo"],
        ]
        assert set(WeeklyHours.objects.values_list("weekday", "start_minute", "end_minute")) == {
            (day, 540, 1020) for day in range(5)
        }
        starts = list(Booking.objects.values_list("meeting__starts_at", flat=True))
        assert all(FIRST <= start < LAST for start in starts)
    again = make_sandbox(slug="bench", hosts=4, bookings=9, now=NOW)
    with entered(again.schema_name):
        assert (again.pk, counts()) == (tenant.pk, (4, 9, 9))


def test_a_sandbox_command_leaves_a_business_alone(owner: World) -> None:
    for act in (
        lambda: make_sandbox(slug="acme", hosts=1, bookings=0, now=NOW),
        lambda: remove_sandbox(slug="acme"),
    ):
        with pytest.raises(NotASandbox, match="acme is a business, not a sandbox: nothing was touched"):
            act()
    with pytest.raises(NotASandbox, match="There is no sandbox bench"):
        remove_sandbox(slug="bench")


@pytest.mark.parametrize(("hosts", "bookings"), [(0, 1), (1001, 1), (1, -1), (1, 353)])
def test_a_sandbox_that_cannot_be_is_refused_before_anything_is_made(
    owner: World, hosts: int, bookings: int
) -> None:
    with pytest.raises(ValueError, match="1 to 1000 hosts and 0 to 352 bookings"):
        make_sandbox(slug="bench", hosts=hosts, bookings=bookings, now=NOW)
    assert not Tenant.objects.filter(slug="bench").exists()


def test_bookings_that_could_not_be_made_are_an_error_and_are_made_when_there_is_room_again(
    owner: World,
) -> None:
    tenant = make_sandbox(slug="bench", hosts=1, bookings=0, now=NOW)
    with entered(tenant.schema_name):
        WeeklyHours.objects.exclude(weekday=0).delete()  # 16 half hours on each of five Mondays
    with pytest.raises(SandboxIncomplete, match="Only 80 of 90 bookings of solo stand"):
        make_sandbox(slug="bench", hosts=1, bookings=90, now=NOW)
    make_sandbox(slug="bench", hosts=1, bookings=80, now=NOW)
    with entered(tenant.schema_name):
        assert counts() == (1, 80, 80)


def test_the_command_fails_where_bookings_are_missing(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.OWNER_DATABASE_URL = world.owner_url()
    call_command("sandbox", "--tenant", "bench", "--hosts", "1", "--bookings", "0")
    with entered(Tenant.objects.get(slug="bench").schema_name):
        WeeklyHours.objects.all().delete()
    capsys.readouterr()
    with pytest.raises(CommandError, match="Only 0 of 3 bookings of solo stand"):
        call_command("sandbox", "--tenant", "bench", "--hosts", "1", "--bookings", "3")
    assert capsys.readouterr().out == ""


def test_removing_takes_schema_jobs_and_address_and_nothing_of_others(owner: World) -> None:
    tenant = make_sandbox(slug="bench", hosts=1, bookings=2, now=NOW)
    assert Job.objects.filter(schema=tenant.schema_name).exists()
    remove_sandbox(slug="bench")
    assert sorted(Tenant.objects.values_list("slug", flat=True)) == ["acme", "northwind", "staff"]
    assert not Job.objects.filter(schema=tenant.schema_name).exists()
    with owner.superuser() as raw, pytest.raises(psycopg.errors.InvalidSchemaName):
        raw.execute(f"CREATE TABLE {tenant.schema_name}.canary ()")  # type: ignore[arg-type]
    with owner.superuser("acme") as raw:
        assert raw.execute("SELECT count(*) FROM booking_host").fetchone() == (1,)


def test_copies_are_numbered_and_are_removed_the_same_way(world: World, settings: Settings) -> None:
    settings.OWNER_DATABASE_URL = world.owner_url()
    call_command(
        "sandbox", "--tenant", "many", "--hosts", "1", "--bookings", "0", "--copies", "2", "--first", "3"
    )
    slugs = set(Tenant.objects.filter(sandbox=True).values_list("slug", flat=True))
    call_command("sandbox", "--tenant", "many", "--copies", "2", "--first", "3", "--remove")
    assert (slugs, Tenant.objects.filter(sandbox=True).count()) == ({"many-3", "many-4"}, 0)
