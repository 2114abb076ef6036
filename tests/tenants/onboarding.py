"""A business being onboarded in a test: asked for by staff, performed as the owner, its page simulated."""

from dataclasses import dataclass, replace
from typing import Any

from audit.api import Actor, Permanent, Run, StepContext, Workflow
from audit.sagas import workflows
from jobs.api import perform_owner_jobs
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tenants.api import Administrator, Domain, Tenant, onboard
from tests.audit.sagas.toy import make_due
from tests.database import World

SAM = Actor(type="staff", id="1")
STEPS = (
    "reserve_name", "create_schema", "found_ledger", "claim_domain", "make_administrator", "make_meeting_type",
    "open_page", "prove_page", "invite_administrator",
)  # fmt: skip


@dataclass
class Desk:
    """The platform's desk."""

    world: World

    def ask(self, slug: str = "harbour") -> Run:
        """Send the form in for a business of that link name."""
        with self.world.enter("staff"):
            return onboard(
                name="Harbour Dental", slug=slug, domain=f"{slug}.localhost", mode="client_facing",
                time_zone="Europe/Lisbon", administrator=Administrator(name="Dora Mar", email="Dora@harbour.example"),
                actor=SAM, now=now(),
            )  # fmt: skip

    def perform(self, rounds: int = 4) -> None:
        """Perform the owner's jobs, waits included."""
        with self.world.as_owner():
            for _ in range(rounds):
                make_due()
                perform_owner_jobs()

    def state(self, run: Run) -> tuple[str, dict[str, str]]:
        """Return the run's state, and its steps' by action."""
        with self.world.enter("staff"):
            run.refresh_from_db()
            return run.state, dict(run.steps.values_list("action", "state"))

    def traces(self, run: Run) -> dict[str, bool]:
        """Return what there is of the business in the database."""
        schema = run.payload["schema"]
        with self.world.owner() as raw:
            found = raw.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone()
        with entered(PUBLIC):
            return {
                "tenant": Tenant.objects.filter(schema_name=schema).exists(),
                "domain": Domain.objects.filter(domain=run.payload["domain"]).exists(),
                "schema": found is not None,
            }


def failing_at(action: str, *, times: int = 1) -> Workflow:
    """Return the onboarding workflow whose `action` fails for good so often; afterwards it does its work."""
    whole = workflows.workflow_named("onboarding")
    left = [times]

    def guarded(work: Any) -> Any:
        def attempt(context: StepContext) -> Any:
            if left[0]:
                left[0] -= 1
                raise Permanent("The power went out.")
            return work(context)

        return attempt

    def changed(step: Any) -> Any:
        if step.action.name != action:
            return step
        name = "call" if step.action.call else "write"
        return replace(step, action=replace(step.action, **{name: guarded(getattr(step.action, name))}))

    return replace(whole, steps=tuple(changed(step) for step in whole.steps))
