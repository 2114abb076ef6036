"""The host name picks the tenant; a host that nobody owns gets a plain 404 that says nothing."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from tenants.models import Domain, Tenant

PROCESS_PATHS = ("/healthz", "/readyz", "/metrics")  # asked of the process, by address, whatever the host


class TenantFromHost:
    """Set `request.tenant`, enter its schema for the request, and choose its URL configuration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend
        if request.path in PROCESS_PATHS:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return self.get_response(request)
        tenant = _tenant_of(request)
        if tenant is None:
            return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8")
        request.tenant = tenant  # type: ignore[attr-defined]
        if tenant.kind == Tenant.Kind.PLATFORM:
            request.urlconf = "holdfast.urls.staff"
        connection.set_tenant(tenant)  # type: ignore[attr-defined]
        try:
            return self.get_response(request)
        finally:
            connection.set_schema_to_public()  # type: ignore[attr-defined]


def _tenant_of(request: HttpRequest) -> Tenant | None:
    """Return the tenant that is ready at this host; one query."""
    try:
        host = request.get_host().rsplit(":", 1)[0].lower()
    except DisallowedHost:
        return None
    domain = (
        Domain.objects.select_related("tenant").filter(domain=host, tenant__ready_at__isnull=False).first()
    )
    return domain.tenant if domain else None
