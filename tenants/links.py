"""Absolute links into a tenant, always from its Domain, never from a request's Host header."""

from django.conf import settings
from django.db import connection

from kernel.tenancy import current_schema
from tenants.models import Domain, Tenant


def current_tenant() -> Tenant:
    """Return the tenant whose schema this thread is in; one query unless the request brought it."""
    tenant = connection.tenant  # type: ignore[attr-defined]  # django-tenants' backend
    if isinstance(tenant, Tenant):
        return tenant
    found: Tenant = Tenant.objects.get(schema_name=current_schema())
    return found


def tenant_url(tenant: Tenant | None, path: str) -> str:
    """Return the absolute address of `path` ("/…") at the tenant's primary domain (None: the current one)."""
    schema = tenant.schema_name if tenant else current_schema()
    domain = (
        Domain.objects.filter(tenant__schema_name=schema, is_primary=True)
        .values_list("domain", flat=True)
        .get()
    )
    return address_of(domain, path)


def address_of(domain: str, path: str) -> str:
    """Return the absolute address of `path` ("/…") at a host name, by the scheme and port that the world sees."""
    port = settings.HOLDFAST_PUBLIC_PORT
    shown = "" if port in (80, 443) else f":{port}"
    return f"{settings.HOLDFAST_PUBLIC_SCHEME}://{domain}{shown}{path}"


def is_own_host(host: str) -> bool:
    """Say whether a host name (without port) is one of ours; the room's proof may only reach those."""
    return bool(Domain.objects.filter(domain=host.lower()).exists())
