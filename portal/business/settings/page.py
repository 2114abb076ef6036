"""The settings' one page; every section is a form of its own, and posts to an address of its own."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.business.settings.colours import colour_view
from portal.business.settings.forms import (
    ACCESS,
    MODES,
    AccessForm,
    BusinessForm,
    ColourForm,
    LogoForm,
    zone_choices,
)
from portal.business.viewer import Viewer, portal_page
from portal.logo import logo_address
from tenants.api import Tenant, tenant_url


@require_safe
@portal_page()
def settings(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what can be set; a host sees the own sign-in only. `?accent=#rrggbb` tries a colour."""
    if not viewer.sees_everything:
        return render(request, "business/settings/own.html", {"viewer": viewer, "here": "settings"})
    return settings_page(request, viewer)


def settings_page(request: HttpRequest, viewer: Viewer, **wrong: Any) -> HttpResponse:
    """Render the page; `wrong` holds the one form that could not be taken, by name, and then it is a 422."""
    tenant = viewer.tenant
    tried = ColourForm(request.GET) if "accent" in request.GET else None
    accent = tried.cleaned_data["accent"] if tried and tried.is_valid() else tenant.accent
    context = {
        "viewer": viewer,
        "here": "settings",
        "business_form": BusinessForm(initial=_initial(tenant)),
        "colour_form": tried or ColourForm(initial={"accent": accent}),
        "logo_form": LogoForm(),
        "access_form": AccessForm(
            initial={"access": tenant.access, "allowed_domains": "\n".join(tenant.allowed_domains)}
        ),
        **wrong,
        "colour": colour_view(accent),
        "is_tried": accent != tenant.accent,
        "modes": MODES.items(),
        "accesses": ACCESS.items(),
        "zones": zone_choices(),
        "logo": logo_address(tenant),
        "page_address": tenant_url(tenant, "/"),
    }
    return render(request, "business/settings/page.html", context, status=422 if wrong else 200)


def _initial(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "tagline": tenant.tagline,
        "mode": tenant.mode,
        "time_zone": tenant.time_zone,
    }
