"""Suspending a business and resuming it: the platform's verb and its inverse, each a run whose Undo is the other.

While a business is suspended it takes no bookings (the guard's reason is `tenant_suspended`), its portal can be
read and not changed, its reminders wait. What is booked stands. Both ledgers say so: the platform's and its own.
"""

from datetime import datetime

from django.db import transaction

from audit.api import (
    Action,
    Actor,
    Run,
    Step,
    StepContext,
    Undo,
    UndoPreview,
    UndoRefused,
    Workflow,
    record,
    register_workflow,
    start_run,
)
from kernel.errors import HoldfastError
from kernel.tenancy import entered
from tenants.models import Tenant
from tenants.onboarding.business import subject_of


class NotChanged(HoldfastError):
    """The business is in that state already, or is not one that can be."""

    code = "not_changed"


def suspend(tenant: Tenant, *, actor: Actor, now: datetime, reverses: Run | None = None) -> Run:
    """Suspend a business, at once and signed; inside the platform's tenant. Raises `NotChanged`."""
    return _start(SUSPENSION, "suspend_business", tenant, actor, now, reverses)


def resume(tenant: Tenant, *, actor: Actor, now: datetime, reverses: Run | None = None) -> Run:
    """Let a suspended business go on, at once and signed; inside the platform's tenant. Raises `NotChanged`."""
    return _start(RESUMPTION, "resume_business", tenant, actor, now, reverses)


def _start(
    workflow: Workflow, action: str, tenant: Tenant, actor: Actor, now: datetime, reverses: Run | None
) -> Run:
    payload = {"schema": tenant.schema_name, "slug": tenant.slug, "name": tenant.name}
    with transaction.atomic():
        return start_run(
            workflow, subject=subject_of(tenant.schema_name), payload=payload, actor=actor, now=now,
            at_once=(action,), reverses=reverses,
        )  # fmt: skip


def _suspend(context: StepContext) -> None:
    _set(context, context.now, action="tenant.suspended")


def _resume(context: StepContext) -> None:
    _set(context, None, action="tenant.resumed")


def _set(context: StepContext, suspended_at: datetime | None, *, action: str) -> None:
    """Change the state where it is the other one, and tell the business's own ledger in the same transaction."""
    schema = str(context.payload["schema"])
    businesses = Tenant.objects.filter(
        schema_name=schema, kind=Tenant.Kind.BUSINESS, ready_at__isnull=False,
        suspended_at__isnull=suspended_at is not None,
    )  # fmt: skip
    if not businesses.update(suspended_at=suspended_at):
        raise NotChanged("Somebody else changed this business meanwhile. Look at it again.")
    with entered(schema):
        record(
            action, subject=subject_of(schema), actor=context.actor, payload={}, reversible="full",
            because="The platform did this; only the platform takes it back.",
        )  # fmt: skip


def _tenant(run: Run) -> Tenant | None:
    found: Tenant | None = Tenant.objects.filter(schema_name=run.payload["schema"]).first()
    return found


def _preview(run: Run, now: datetime) -> UndoPreview:  # noqa: ARG001  the registry's signature
    tenant = _tenant(run)
    if tenant is None:
        return UndoPreview(possible=False, because="The business does not exist any more.")
    was_suspended = run.workflow == "suspension"
    if (tenant.suspended_at is not None) != was_suspended:
        return UndoPreview(possible=False, because="Somebody has changed it back already.")
    back = "takes bookings again, its portal can be changed again, reminders that are due go out."
    off = "takes no more bookings, its portal can be read only, its reminders wait. What is booked stands."
    return UndoPreview(possible=True, consequences=(f"{tenant.name} {back if was_suspended else off}",))


def _undo(run: Run, actor: Actor, now: datetime) -> Run:
    tenant = _tenant(run)
    if tenant is None:
        raise UndoRefused("The business does not exist any more.")
    reverse = resume if run.workflow == "suspension" else suspend
    return reverse(tenant, actor=actor, now=now, reverses=run)


SUSPENSION = register_workflow(
    Workflow(
        name="suspension",
        steps=(
            Step(
                Action(
                    "suspend_business",
                    "Suspended the business",
                    Undo("It is resumed.", write=_resume),
                    write=_suspend,
                ),
                required=True,
            ),
        ),
        sentence=lambda run: f"Suspended {run.payload['name']}",
        preview=_preview,
        undo=_undo,
    )
)
RESUMPTION = register_workflow(
    Workflow(
        name="resumption",
        steps=(
            Step(
                Action(
                    "resume_business",
                    "Resumed the business",
                    Undo("It is suspended.", write=_suspend),
                    write=_resume,
                ),
                required=True,
            ),
        ),
        sentence=lambda run: f"Resumed {run.payload['name']}",
        preview=_preview,
        undo=_undo,
    )
)
