"""Deleting a business from the console: a run of the owner's. What stays is the proof that it was there.

First the last checkpoint of its ledger is written and its tree head signed into the platform's ledger; then, in one
transaction with the signed entry, addresses, jobs, schema and everything in it go. The checkpoint files are kept.
"""

from datetime import datetime

from django.db import transaction

from audit.api import (
    Action,
    Actor,
    Irreversible,
    Json,
    Permanent,
    Run,
    Step,
    StepContext,
    UndoPreview,
    UndoRefused,
    Workflow,
    erase_person,
    ledger_head,
    register_workflow,
    start_run,
    write_checkpoint,
)
from kernel.errors import HoldfastError
from kernel.tenancy import entered
from tenants.deletion import delete_tenant
from tenants.models import Tenant
from tenants.onboarding.business import subject_of
from tenants.onboarding.steps import named

GONE = "A schema that was dropped cannot come back from here; a backup of the database can bring it back."


class NotDeletable(HoldfastError):
    """The business is not suspended, or its name was not typed as it is; nothing was changed."""

    code = "not_deletable"


def delete_business(tenant: Tenant, *, typed: str, actor: Actor, now: datetime) -> Run:
    """Start the run that deletes a suspended business whose name was typed; inside the platform's tenant.

    Raises `NotDeletable` with the reason in words.
    """
    if tenant.kind != Tenant.Kind.BUSINESS or tenant.ready_at is None:
        raise NotDeletable("Only a business that was set up can be deleted here.")
    if tenant.suspended_at is None:
        raise NotDeletable("Suspend it first: nobody may be booking while it goes.")
    if " ".join(typed.split()) != " ".join(tenant.name.split()):
        raise NotDeletable("That is not its name. Type the name exactly as it stands above.")
    payload = {"schema": tenant.schema_name, "slug": tenant.slug, "name": tenant.name}
    with transaction.atomic():
        return start_run(
            WORKFLOW, subject=subject_of(tenant.schema_name), payload=payload, actor=actor, now=now
        )


def _suspended(context: StepContext) -> Tenant:
    """Return the tenant; the run fails where somebody resumed it meanwhile."""
    found: Tenant | None = Tenant.objects.filter(
        schema_name=context.payload["schema"], suspended_at__isnull=False
    ).first()
    if found is None:
        raise Permanent("It is not suspended any more. Nothing was deleted.")
    return found


def _keep_checkpoint(context: StepContext) -> dict[str, Json]:
    """Write the last checkpoint and return the end of the ledger, which this step's entry signs."""
    tenant = _suspended(context)
    with named(), entered(tenant.schema_name):
        kept = write_checkpoint(context.now)
        if kept.state == "refused":
            raise Permanent(f"Its ledger does not verify, so it is not deleted: {kept.because}")
        seq, digest = ledger_head()
        return {"entries": seq, "last_hash": digest, "checkpoint": kept.size}


def _delete(context: StepContext) -> None:
    tenant = _suspended(context)
    for person in _people(context.subject):
        erase_person(person, actor=Actor("automation", "deletion"))
    with named():
        delete_tenant(tenant)


def _people(subject: str) -> list[str]:
    """Return the keys of the people whom the platform's entries about this business name."""
    runs = Run.objects.filter(subject=subject, workflow="onboarding")
    return [str(run.payload["administrator"]) for run in runs]


def _refuse(run: Run, actor: Actor, now: datetime) -> Run:  # noqa: ARG001  the registry's signature
    raise UndoRefused(GONE)


WORKFLOW = register_workflow(
    Workflow(
        name="deletion",
        steps=(
            Step(
                Action(
                    "keep_checkpoint",
                    "Kept the last checkpoint of its ledger",
                    Irreversible("A checkpoint is never taken back.", "It stays."),
                    call=_keep_checkpoint,
                ),
                required=True,
                attempts=5,
                back_off=2.0,
            ),
            Step(
                Action(
                    "delete_business",
                    "Deleted its schema, addresses and jobs",
                    Irreversible(GONE, "Nothing comes back."),
                    write=_delete,
                ),
                required=True,
                attempts=8,
                back_off=2.0,
            ),
        ),
        sentence=lambda run: f"Deleted {run.payload['name']}",
        preview=lambda _run, _now: UndoPreview(possible=False, because=GONE),
        undo=_refuse,
        by_owner=True,
    )
)
