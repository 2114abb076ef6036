"""The steps of an onboarding. Each can be repeated: what an earlier attempt made is found, not made again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError, connection, transaction
from psycopg import sql

from audit.api import (
    Action,
    Actor,
    Irreversible,
    Json,
    NoEffect,
    Permanent,
    StepContext,
    Transient,
    Undo,
    erase_person,
    found_ledger,
)
from kernel.errors import HoldfastError
from kernel.tenancy import PUBLIC, entered
from tenants.models import Domain, Tenant
from tenants.onboarding.business import administrator_of, business_of, furnishing, tenant_of
from tenants.onboarding.proof import prove
from tenants.provisioning import furnish_tenant, migrate_tenant

SOMEBODY_BOOKED = "Somebody has booked here already, so its records stay. Suspend it instead, then delete it."


@contextmanager
def named() -> Iterator[None]:
    """Turn what a step can meet on its way into a failure of the step, which stops the run in words."""
    try:
        yield
    except IntegrityError as error:
        raise Permanent(f"The database refused it: {str(error).splitlines()[0]}") from error
    except (DatabaseError, OSError) as error:
        raise Transient(f"It could not be finished: {str(error).splitlines()[0]}") from error
    except HoldfastError as error:
        kind = Transient if getattr(error, "is_transient", False) else Permanent
        raise kind(error.message, code=error.code) from error


def _reserve(context: StepContext) -> None:
    it = business_of(context.payload)
    tenant = Tenant(
        schema_name=it.schema,
        name=it.name,
        slug=it.slug,
        mode=it.mode,
        time_zone=it.time_zone,
        created_at=context.now,
    )
    with entered(PUBLIC):  # django-tenants saves a tenant nowhere else
        tenant.save()


def _release(context: StepContext) -> None:
    if schema_exists(str(context.payload["schema"])):
        raise Permanent("Its schema is still there, so the business stays on the list.")
    erase_person(str(context.payload["administrator"]), actor=Actor("automation", "onboarding"))
    Tenant.objects.filter(schema_name=context.payload["schema"], ready_at=None).delete()


def _create_schema(context: StepContext) -> dict[str, Json]:
    tenant = tenant_of(context)
    with named(), entered(PUBLIC):
        migrate_tenant(tenant.schema_name)
    return {"schema": tenant.schema_name}


def _drop_schema(context: StepContext) -> dict[str, Json]:
    drop_schema(str(context.payload["schema"]))
    return {}


def drop_schema(schema: str) -> None:
    """Drop a tenant's schema with all that is in it, unless somebody has booked there. As the owner only."""
    with named():
        if schema_exists(schema) and booked_in(schema):
            raise Permanent(SOMEBODY_BOOKED)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def schema_exists(schema: str) -> bool:
    """Say whether the database has this schema."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
        return cursor.fetchone() is not None


def booked_in(schema: str) -> int:
    """Return how many bookings a tenant has ever had; 0 while its tables are not all there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"{schema}.booking_booking"])
        if cursor.fetchone()[0] is None:
            return 0
    with entered(schema):
        return furnishing().booked()


def _found_ledger(context: StepContext) -> dict[str, Json]:
    tenant = tenant_of(context)
    with named():
        furnish_tenant(tenant, context.now)
        with entered(tenant.schema_name):
            return {"founded_now": found_ledger()}


def _claim_domain(context: StepContext) -> None:
    it, tenant = business_of(context.payload), tenant_of(context)
    with named():
        made, _ = Domain.objects.get_or_create(
            domain=it.domain, defaults={"tenant": tenant, "is_primary": True}
        )
    if made.tenant_id != tenant.pk:
        raise Permanent(f"{it.domain} was taken meanwhile. Roll back, and choose another link name.")


def _give_domain_back(context: StepContext) -> None:
    Domain.objects.filter(tenant__schema_name=context.payload["schema"]).delete()


def _make_administrator(context: StepContext) -> dict[str, Json]:
    person, tenant = administrator_of(context), tenant_of(context)
    with named(), entered(tenant.schema_name), transaction.atomic():
        return furnishing().person(tenant, person, context.now)


def _make_meeting_type(context: StepContext) -> dict[str, Json]:
    tenant = tenant_of(context)
    host = int(context.results["make_administrator"]["host"])
    with named(), entered(tenant.schema_name), transaction.atomic():
        return furnishing().meeting_type(tenant, host, context.now)


def _open(context: StepContext) -> None:
    Tenant.objects.filter(schema_name=context.payload["schema"]).update(ready_at=context.now)


def _close(context: StepContext) -> None:
    Tenant.objects.filter(schema_name=context.payload["schema"]).update(ready_at=None)


def _prove(context: StepContext) -> dict[str, Json]:
    it = business_of(context.payload)
    with named():
        return prove(it.domain, str(context.results["make_meeting_type"]["slug"]), now=context.now)


def _invite(context: StepContext) -> dict[str, Json]:
    tenant = tenant_of(context)
    with named(), entered(tenant.schema_name):
        return furnishing().invite(tenant, int(context.results["make_administrator"]["user"]), context.now)


Call = Callable[[StepContext], dict[str, Json]]
GOES_WITH_IT = "It goes with the business's schema."

reserve_name = Action(
    "reserve_name",
    "Reserved the link name",
    Undo("The link name is free again.", write=_release),
    write=_reserve,
)
create_schema = Action(
    "create_schema",
    "Made the business's own schema, tables and privileges",
    Undo("The schema is dropped, unless somebody has booked.", call=_drop_schema),
    call=_create_schema,
)
found_keys = Action(
    "found_ledger", "Founded its ledger with keys of its own", Undo(GOES_WITH_IT), call=_found_ledger
)
claim_domain = Action(
    "claim_domain", "Claimed its address", Undo("The address leads nowhere again.", write=_give_domain_back),
    write=_claim_domain,
)  # fmt: skip
make_administrator = Action(
    "make_administrator", "Made its administrator, who hosts Monday to Friday, 9 to 5", Undo(GOES_WITH_IT),
    call=_make_administrator,
)  # fmt: skip
make_meeting_type = Action(
    "make_meeting_type", "Made its first meeting type", Undo(GOES_WITH_IT), call=_make_meeting_type
)
open_page = Action("open_page", "Opened its page", Undo("The page is closed.", write=_close), write=_open)
prove_page = Action("prove_page", "Visited the page, and found open times on it", NoEffect(), call=_prove)
invite_administrator = Action(
    "invite_administrator",
    "Mailed the administrator a link to choose a password",
    Irreversible("A mail that was sent cannot be unsent.", "The link in it stops working with the business."),
    call=_invite,
)
