"""The door of the app: import from here, not from the modules behind it."""

from tenants.changing import change_tenant, pause_bookings, resume_bookings
from tenants.contention import ContentionAnswer, ContentionTest
from tenants.deletion import delete_tenant
from tenants.departure import NotDeletable, delete_business
from tenants.exporting.archive import Exported, export_tenant
from tenants.founding import FoundedElsewhere, NotFounded, found_platform
from tenants.links import Face, address_of, current_face, current_tenant, is_own_host, tenant_url
from tenants.logos import LARGEST_BYTES as LARGEST_LOGO_BYTES
from tenants.logos import NotALogo, get_logo, remove_logo, set_logo
from tenants.migrating import (
    MigrationUnderWay,
    claim_next,
    faults,
    migrate_claimed,
    only_run,
    plan_migration,
)
from tenants.models import Domain, Tenant
from tenants.onboarding.business import Administrator, Furnishing, register_furnishing, subject_of
from tenants.onboarding.names import base_host, name_fault, taken_fault
from tenants.onboarding.workflow import NameTaken, onboard
from tenants.privileges import application_role, grant_application, restrict_application
from tenants.provisioning import (
    migrate_public,
    migrate_tenant,
    prepare_blueprint,
    provision,
    when_provisioned,
)
from tenants.suspension import NotChanged, resume, suspend

__all__ = [
    "LARGEST_LOGO_BYTES",
    "Administrator",
    "ContentionAnswer",
    "ContentionTest",
    "Domain",
    "Exported",
    "Face",
    "FoundedElsewhere",
    "Furnishing",
    "MigrationUnderWay",
    "NameTaken",
    "NotALogo",
    "NotChanged",
    "NotDeletable",
    "NotFounded",
    "Tenant",
    "address_of",
    "application_role",
    "base_host",
    "change_tenant",
    "claim_next",
    "current_face",
    "current_tenant",
    "delete_business",
    "delete_tenant",
    "export_tenant",
    "faults",
    "found_platform",
    "get_logo",
    "grant_application",
    "is_own_host",
    "migrate_claimed",
    "migrate_public",
    "migrate_tenant",
    "name_fault",
    "onboard",
    "only_run",
    "pause_bookings",
    "plan_migration",
    "prepare_blueprint",
    "provision",
    "register_furnishing",
    "remove_logo",
    "restrict_application",
    "resume",
    "resume_bookings",
    "set_logo",
    "subject_of",
    "suspend",
    "taken_fault",
    "tenant_url",
    "when_provisioned",
]
