"""A tenant is made whole or finished later; the application's role can use it and cannot change its shape."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.test import Client

from audit.api import Entry, verify_ledger
from kernel.tenancy import entered
from tenants import provisioning
from tenants.api import Domain, Tenant, provision
from tests.database import World

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Killed(BaseException):
    """What stands for kill -9 in the middle."""


@pytest.fixture
def owner(world: World) -> Iterator[World]:
    with world.as_owner():
        yield world


def make(slug: str = "oak", domain: str = "oak.localhost") -> Tenant:
    return provision(name="Oak", slug=slug, domain=domain, now=NOW)


@pytest.mark.parametrize("point", ["before the tables", "after the tables"])
def test_a_tenant_half_made_answers_nowhere_and_is_finished_by_the_next_try(
    owner: World, client_for: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def die(*_: object) -> None:
        raise Killed

    if point == "before the tables":
        monkeypatch.setattr(provisioning, "migrate_tenant", die)
    else:
        monkeypatch.setattr(provisioning, "_on_provisioned", [*provisioning._on_provisioned, die])
    with pytest.raises(Killed):
        make()
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # the process that died would be gone
    half = Tenant.objects.get(slug="oak")
    assert (half.ready_at, client_for("oak.localhost").get("/").status_code) == (None, 404)
    monkeypatch.undo()
    whole = make()
    assert (whole.pk, whole.schema_name, whole.ready_at) == (half.pk, half.schema_name, NOW)
    assert client_for("oak.localhost").get("/").status_code == 200
    with entered(whole.schema_name):
        assert (
            Entry.objects.filter(seq=1).count(),
            verify_ledger(whole.schema_name, now=NOW).outcome.name,
        ) == (1, "OK")


def test_provisioning_again_changes_nothing(owner: World) -> None:
    before = list(Tenant.objects.order_by("pk").values())
    acme = provision(name="Other", slug="acme", domain="other.localhost", now=NOW)
    assert (acme.name != "Other", list(Tenant.objects.order_by("pk").values())) == (True, before)
    assert not Domain.objects.filter(domain="other.localhost").exists()


def test_an_address_belongs_to_one_tenant_and_a_refusal_leaves_no_half_tenant(owner: World) -> None:
    with pytest.raises(IntegrityError):
        make(domain="acme.localhost")
    assert not Tenant.objects.filter(slug="oak").exists()


def test_schema_names_are_generated(owner: World) -> None:
    with pytest.raises(IntegrityError):
        Tenant.objects.create(schema_name="oak", name="Oak", slug="oak", created_at=NOW)


FORBIDDEN = [
    "CREATE TABLE mine (id int)",
    "ALTER TABLE booking_booking ADD COLUMN mine int",
    "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap",
    "ALTER TABLE booking_meeting DISABLE TRIGGER ALL",
    "DROP TABLE booking_occupancy",
    "DROP FUNCTION check_meeting_v1(bigint)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "TRUNCATE booking_occupancy",
    "TRUNCATE audit_entry",
    "DELETE FROM booking_booking",
    "DELETE FROM booking_meeting",
    "DELETE FROM booking_occupancy",
    "DELETE FROM audit_entry",
    "UPDATE audit_entry SET action = 'x'",
    "UPDATE tenant_identity SET schema_name = 'x'",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
    "SET session_replication_role = replica",
    "SET ROLE holdfast_owner",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("schema", ["acme", "staff"])
def test_the_application_changes_neither_shape_nor_history(
    lasting_world: World, schema: str, statement: str
) -> None:
    with lasting_world.app(schema) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE public.mine (id int)", "TRUNCATE jobs_job", "DROP TABLE jobs_job"]
)
def test_the_application_does_not_change_the_public_schema_either(
    lasting_world: World, statement: str
) -> None:
    with lasting_world.app() as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


def test_no_table_has_the_same_name_in_public_and_in_a_tenant(lasting_world: World) -> None:
    with lasting_world.superuser() as database:
        rows = database.execute("SELECT schemaname, tablename FROM pg_tables").fetchall()
    tables: dict[str, set[str]] = {}
    for schema, table in rows:
        tables.setdefault(schema, set()).add(table)
    for schema in (lasting_world.acme, lasting_world.northwind, lasting_world.staff):
        assert "booking_occupancy" in tables[schema]
        assert tables["public"] & tables[schema] == {"django_migrations"}
