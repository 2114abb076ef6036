"""The onboarding workflow, and the form's way into it."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.api import (
    Actor,
    Run,
    Step,
    UndoPreview,
    UndoRefused,
    Workflow,
    record,
    register_workflow,
    start_run,
)
from kernel.errors import HoldfastError
from kernel.ids import new_schema_name, new_uid
from tenants.links import current_tenant
from tenants.models import Tenant
from tenants.onboarding import steps
from tenants.onboarding.business import ASKED, Administrator, NewBusiness

NAME = "onboarding"


class NameTaken(HoldfastError):
    """Somebody else took the link name between the form and its sending."""

    code = "name_taken"


def onboard(
    *,
    name: str,
    slug: str,
    domain: str,
    mode: str,
    time_zone: str,
    administrator: Administrator,
    actor: Actor,
    now: datetime,
) -> Run:
    """Reserve the link name and start the run that makes the business; inside the platform's own tenant.

    `slug` and `domain` were checked before; whoever is second gets `NameTaken` and nothing happens.
    """
    if current_tenant().kind != Tenant.Kind.PLATFORM:
        raise RuntimeError("Businesses are onboarded from the platform's own tenant.")
    it = NewBusiness(
        schema=new_schema_name(), slug=slug, domain=domain, name=name, mode=mode, time_zone=time_zone,
        administrator=f"administrator:{new_uid()}",
    )  # fmt: skip
    try:
        with transaction.atomic():
            run = start_run(
                WORKFLOW,
                subject=it.subject,
                payload=it.payload(),
                actor=actor,
                now=now,
                at_once=("reserve_name",),
            )
            record(
                ASKED, subject=it.subject, actor=actor, payload={"slug": slug, "domain": domain}, run_id=run.pk,
                person=it.administrator, personal={"name": administrator.name, "email": administrator.email},
                reversible="none", because="It is the wish itself; the run that carries it out can be undone.",
            )  # fmt: skip
    except IntegrityError as error:
        raise NameTaken(f"“{domain}” was taken at this moment. Choose another name.") from error
    return run


def sentence(run: Run) -> str:
    """Return the run in words."""
    return f"Onboarded {run.payload['name']} at {run.payload['domain']}"


def preview(run: Run, now: datetime) -> UndoPreview:  # noqa: ARG001  the registry's signature
    """Say what undoing would do: the business goes, as long as nobody has booked there."""
    schema = str(run.payload["schema"])
    if not Tenant.objects.filter(schema_name=schema).exists():
        return UndoPreview(possible=False, because="The business does not exist any more.")
    return UndoPreview(
        possible=False,
        because="Onboarding is taken back by deleting the business: suspend it first, then delete it on its page.",
    )


def undo(run: Run, actor: Actor, now: datetime) -> Run:  # noqa: ARG001  the registry's signature
    """Refuse: deletion has a page of its own, where its consequences are confirmed in words."""
    raise UndoRefused(preview(run, now).because)


_PATIENT: dict[str, Any] = {"required": True, "attempts": 3, "back_off": 2.0}

WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(steps.reserve_name, required=True),
            Step(steps.create_schema, **_PATIENT),
            Step(steps.found_keys, **_PATIENT),
            Step(steps.claim_domain, **_PATIENT),
            Step(steps.make_administrator, **_PATIENT),
            Step(steps.make_meeting_type, **_PATIENT),
            Step(steps.open_page, **_PATIENT),
            Step(steps.prove_page, **_PATIENT),
            Step(steps.invite_administrator, attempts=4, back_off=2.0),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
        by_owner=True,
        waits=True,
    )
)
