"""What the steps of an onboarding know: the business from the run's payload, its administrator from the ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.api import Permanent, StepContext, body_of_entry, entries, reveal
from kernel.errors import Misconfigured
from tenants.models import Tenant

ASKED = "onboarding.asked"


@dataclass(frozen=True, kw_only=True)
class NewBusiness:
    """A business to be made. `schema` was generated; `administrator` names the person's key in the staff ledger."""

    schema: str
    slug: str
    domain: str
    name: str
    mode: str
    time_zone: str
    administrator: str

    @property
    def subject(self) -> str:
        """What entries about it are about."""
        return subject_of(self.schema)

    def payload(self) -> dict[str, str]:
        """Return what the run keeps: facts of the business, nobody's personal data."""
        return {field: getattr(self, field) for field in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """The first person who may sign in: name and address, as the form was filled in."""

    name: str
    email: str


@dataclass(frozen=True)
class Furnishing:
    """What higher rooms put into a new business, each inside its schema and in the caller's transaction.

    person:       user, host and weekly hours; returns {"user": id, "host": id}
    meeting_type: the default one, held by the host of that id
    invite:       tell the administrator; outside any transaction; raises the providers' failures
    """

    person: Callable[[Tenant, Administrator, datetime], dict[str, Any]]
    meeting_type: Callable[[Tenant, int, datetime], dict[str, Any]]
    invite: Callable[[Tenant, int, datetime], dict[str, Any]]
    booked: Callable[[], int]


_furnishing: list[Furnishing] = []


def register_furnishing(furnishing: Furnishing) -> None:
    """Say what a new business is furnished with; called once, at start-up, by the roof."""
    _furnishing[:] = [furnishing]


def furnishing() -> Furnishing:
    """Return what was registered."""
    if not _furnishing:
        raise Misconfigured("Nobody said what a new business is furnished with.")
    return _furnishing[0]


def subject_of(schema: str) -> str:
    """Return the subject of the platform's entries about a business."""
    return f"tenant:{schema}"


def business_of(payload: Mapping[str, Any]) -> NewBusiness:
    """Return the business of a run's payload."""
    return NewBusiness(**{field: str(payload[field]) for field in NewBusiness.__dataclass_fields__})


def tenant_of(context: StepContext) -> Tenant:
    """Return the tenant of a run; it fails for good if the tenant is gone."""
    found: Tenant | None = Tenant.objects.filter(schema_name=context.payload["schema"]).first()
    if found is None:
        raise Permanent("The business does not exist any more.")
    return found


def administrator_of(context: StepContext) -> Administrator:
    """Return the administrator whom the form named, read through the person's key in the staff ledger."""
    for entry in entries(subject=context.subject):
        if body_of_entry(entry)["action"] != ASKED or entry.run_id != context.run_id:
            continue
        personal = reveal(entry)
        if personal is None:
            raise Permanent("The administrator's name and address were erased. Roll back, and begin anew.")
        return Administrator(name=personal["name"], email=personal["email"])
    raise Permanent("Nobody said who the administrator is. Roll back, and begin anew.")
