"""A tenant is made whole or finished later; the application's role can use it and cannot change its shape."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.api import Entry, verify_ledger
from kernel.tenancy import PUBLIC, entered
from tenants import provisioning
from tenants.api import Domain, Tenant, grant_application, provision
from tenants.privileges import grant_within
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


def test_privileges_that_are_right_are_not_said_again(owner: World) -> None:
    """Each GRANT makes every session of the database look through its plans: with many businesses that is minutes."""
    with entered(owner.acme), transaction.atomic(), connection.cursor() as cursor:
        grant_within(cursor, owner.acme)
        cursor.execute("SELECT pg_current_xact_id_if_assigned()")
        assert cursor.fetchone() == (None,), "something was written"


def test_what_lacks_is_given_and_what_is_too_much_is_taken_back(owner: World) -> None:
    with owner.owner("acme") as database:
        database.execute("CREATE TABLE newcomer (id bigint GENERATED ALWAYS AS IDENTITY)")
        database.execute("GRANT UPDATE ON audit_entry TO holdfast_app")
        database.execute("GRANT DELETE ON booking_booking TO holdfast_app")
        database.execute("GRANT INSERT ON django_migrations, tenant_identity TO holdfast_app")
    grant_application(owner.acme)
    with owner.superuser("acme") as database:
        held = dict(
            database.execute(
                "SELECT name, array_to_string(ARRAY(SELECT p FROM unnest(%s::text[]) AS p"
                " WHERE has_table_privilege('holdfast_app', name::regclass, p)), ' ')"
                " FROM unnest(%s::text[]) AS name",
                [
                    ["SELECT", "INSERT", "UPDATE", "DELETE"],
                    ["newcomer", "audit_entry", "booking_booking", "django_migrations", "tenant_identity"],
                ],
            ).fetchall()
        )
        assert held == {
            "newcomer": "SELECT INSERT UPDATE DELETE",
            "audit_entry": "SELECT",
            "booking_booking": "SELECT INSERT UPDATE",
            "django_migrations": "SELECT",
            "tenant_identity": "SELECT",
        }
        assert database.execute(
            "SELECT has_sequence_privilege('holdfast_app', 'newcomer_id_seq', 'USAGE')"
        ).fetchone() == (True,)


def test_the_tables_of_a_schema_are_its_own_and_all_of_them(world: World) -> None:
    with world.superuser() as database:
        stored = {
            schema: {
                name
                for (name,) in database.execute(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
                )
            }
            for schema in (world.acme, PUBLIC)
        }
    for schema, names in stored.items():
        with entered(schema), connection.cursor() as cursor:
            told = {each.name for each in connection.introspection.get_table_list(cursor)}
        assert told == names
