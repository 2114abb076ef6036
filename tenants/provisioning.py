"""Making a tenant: row, domain, schema, tables, keys, privileges. Runs as the owner role only."""

from collections.abc import Callable
from datetime import datetime

from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from kernel.ids import new_schema_name
from kernel.tenancy import PUBLIC, entered
from tenants.blueprints import build_schema, draw_blueprint
from tenants.migrating import note_migrated
from tenants.models import Domain, Tenant
from tenants.privileges import grant_application, grant_within

Progress = Callable[[str], None]
TenantSeed = Callable[[Tenant, datetime], object]
_on_provisioned: list[TenantSeed] = []


def when_provisioned(seed: TenantSeed) -> None:
    """Register what a higher room must add to every new tenant (run inside its schema)."""
    _on_provisioned.append(seed)


def provision(
    *,
    name: str,
    slug: str,
    domain: str,
    now: datetime,
    kind: str = "business",
    mode: str = "client_facing",
    time_zone: str = "UTC",
    accent: str = "#2456d6",
    tagline: str = "",
    sandbox: bool = False,
) -> Tenant:
    """Make a tenant that answers at `domain`, or finish one that a killed run left half made.

    Idempotent by `slug`: the row comes first, `ready_at` last; a tenant that is not ready answers nowhere.
    """
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        with transaction.atomic():
            tenant = Tenant.objects.create(
                schema_name="staff" if kind == "platform" else new_schema_name(),
                name=name,
                slug=slug,
                kind=kind,
                mode=mode,
                time_zone=time_zone,
                accent=accent,
                tagline=tagline,
                sandbox=sandbox,
                created_at=now,
            )
            Domain.objects.create(domain=domain, tenant=tenant, is_primary=True)
    if tenant.ready_at is None:
        _complete(tenant, now)
    return tenant


def furnish_tenant(tenant: Tenant, now: datetime) -> None:
    """Add what every tenant has (`when_provisioned`), inside its schema; safe to repeat."""
    with entered(tenant.schema_name):
        for seed in _on_provisioned:
            seed(tenant, now)


def migrate_tenant(schema: str) -> None:
    """Bring one tenant's schema up to date and set the application's privileges in it.

    A schema that is not there yet is made from the blueprint (tenants/blueprints.py).
    """
    if _exists(schema):
        _migrate(schema)
        grant_application(schema)
    else:
        build_schema(schema, _migrate, grant_within)
    note_migrated(schema)


def migrate_public() -> None:
    """Bring the public schema (tenants, jobs) up to date."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public")
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    grant_application(PUBLIC)


def prepare_blueprint() -> None:
    """Record today's blueprint unless it is there."""
    draw_blueprint(_migrate)


def _migrate(schema: str) -> None:
    """Run Django's migrations in the schema, which is made if it is missing."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)


def _exists(schema: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None


def _complete(tenant: Tenant, now: datetime) -> None:
    migrate_tenant(tenant.schema_name)
    furnish_tenant(tenant, now)
    Tenant.objects.filter(pk=tenant.pk, ready_at__isnull=True).update(ready_at=now)
    tenant.ready_at = now
