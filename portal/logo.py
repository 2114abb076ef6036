"""The business's logo, at an address that has a digest of it: kept for a year, and anew with a new logo."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from tenants.api import Tenant, get_logo

LOGO_PATH = "logo"


@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    """Serve the logo of this host's tenant as the image that we encoded; 404 without one."""
    found = get_logo(request.tenant)  # type: ignore[attr-defined]  # tenants.middleware
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, public=True, max_age=31_536_000, immutable=True)
    return response


def logo_address(tenant: Tenant) -> str:
    """Return where the tenant's logo is on its own host, "" when it has none."""
    return f"/{LOGO_PATH}?v={tenant.logo_digest}" if tenant.logo_digest else ""
