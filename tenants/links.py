"""Absolute links into a tenant, always from its Domain, never from a request's Host header."""

from dataclasses import dataclass

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
    known = tenant or connection.tenant  # type: ignore[attr-defined]  # django-tenants' backend
    domain = getattr(known, "primary_domain", None) or primary_domain(known.schema_name)
    return address_of(domain, path)


def primary_domain(schema: str) -> str:
    """Return the domain that a tenant's links are built from; one query."""
    domains = Domain.objects.filter(tenant__schema_name=schema, is_primary=True)
    return str(domains.values_list("domain", flat=True).get())


@dataclass(frozen=True)
class Face:
    """How a tenant shows itself: its name, its accent ("#rrggbb") and its primary domain."""

    name: str
    accent: str
    domain: str

    def url(self, path: str) -> str:
        """Return the absolute address of `path` ("/…") at it."""
        return address_of(self.domain, path)


def current_face() -> Face:
    """Return how the current tenant shows itself, for whoever writes several links; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FACE, [current_schema()])
        return Face(*cursor.fetchone())


_FACE = """
    SELECT t.name, t.accent, d.domain
    FROM public.tenants_tenant t JOIN public.tenants_domain d ON d.tenant_id = t.id AND d.is_primary
    WHERE t.schema_name = %s
"""


def address_of(domain: str, path: str) -> str:
    """Return the absolute address of `path` ("/…") at a host name, by the scheme and port that the world sees."""
    port = settings.HOLDFAST_PUBLIC_PORT
    shown = "" if port in (80, 443) else f":{port}"
    return f"{settings.HOLDFAST_PUBLIC_SCHEME}://{domain}{shown}{path}"


def is_own_host(host: str) -> bool:
    """Say whether a host name (without port) is one of ours; the room's proof may only reach those."""
    return bool(Domain.objects.filter(domain=host.lower()).exists())
