"""The door of the app: import from here, not from the modules behind it."""

from tenants.deletion import delete_tenant
from tenants.links import current_tenant, is_own_host, tenant_url
from tenants.models import Domain, Tenant
from tenants.provisioning import (
    application_role,
    grant_application,
    migrate_public,
    migrate_tenant,
    provision,
    restrict_application,
    when_provisioned,
)

__all__ = [
    "Domain",
    "Tenant",
    "application_role",
    "current_tenant",
    "delete_tenant",
    "grant_application",
    "is_own_host",
    "migrate_public",
    "migrate_tenant",
    "provision",
    "restrict_application",
    "tenant_url",
    "when_provisioned",
]
