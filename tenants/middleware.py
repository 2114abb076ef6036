"""The host name picks the tenant; a host that nobody owns gets a plain 404 that says nothing."""

from collections.abc import Callable
from copy import copy
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import ProgrammingError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from kernel.stamps import one_look, stamps
from tenants.links import primary_domain
from tenants.models import Domain, Tenant

PROCESS_PATHS = ("/healthz", "/readyz", "/metrics")  # asked of the process, by address, whatever the host
STAMP = "tenants"
STAMP_QUERY = "SELECT stamp::text FROM public.tenants_registry"


class TenantFromHost:
    """Set `request.tenant`, enter its schema for the request, and choose its URL configuration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._known: dict[
            str, tuple[str, Tenant]
        ] = {}  # host -> registry's stamp, tenant; hosts of ours only

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _backend().set_schema_to_public()
        if request.path in PROCESS_PATHS:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return self.get_response(request)
        with one_look():
            tenant = self._tenant_of(request)
            if tenant is None:
                return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8")
            request.tenant = tenant  # type: ignore[attr-defined]
            if tenant.kind == Tenant.Kind.PLATFORM:
                request.urlconf = "holdfast.urls.staff"
            _backend().set_tenant(tenant)
            try:
                return self.get_response(request)
            finally:
                _backend().set_schema_to_public()

    def _tenant_of(self, request: HttpRequest) -> Tenant | None:
        """Return the tenant that is ready at this host. One statement where it was known, two where it was not."""
        try:
            host = request.get_host().rsplit(":", 1)[0].lower()
        except DisallowedHost:
            return None
        known = self._known.get(host)
        if known and known[0] == _stamp_within(known[1]):
            return copy(known[1])
        return self._looked_up(host)

    def _looked_up(self, host: str) -> Tenant | None:
        _backend().set_schema_to_public()
        self._known.pop(host, None)
        stamp = _registry_stamp()  # before the row: what is read is at least as new as the stamp
        domain = Domain.objects.select_related("tenant")
        found = domain.filter(domain=host, tenant__ready_at__isnull=False).first()
        if found is None:
            return None
        found.tenant.primary_domain = primary_domain(found.tenant.schema_name)
        self._known[host] = (stamp, copy(found.tenant))
        return cast(Tenant, found.tenant)


def _stamp_within(tenant: Tenant) -> str | None:
    """Return the registry's stamp, asked inside the tenant's schema together with all of its own stamps."""
    _backend().set_tenant(tenant)
    try:
        return stamps()[STAMP]
    except ProgrammingError:  # its schema is gone: the business was deleted
        return None


def _registry_stamp() -> str:
    with connection.cursor() as cursor:
        cursor.execute(STAMP_QUERY)
        (stamp,) = cursor.fetchone() or ("",)
    return str(stamp)


def _backend() -> Any:
    """Return django-tenants' backend, whose methods Django's stubs do not know."""
    return connection
