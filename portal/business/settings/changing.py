"""Each section's POST: take the form, change, say so, and go back to the section (303)."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.business.redirects import SeeOther
from portal.business.settings.forms import AccessForm, BusinessForm, ColourForm, LogoForm
from portal.business.settings.page import settings_page
from portal.business.viewer import Viewer, portal_page
from tenants.api import (
    NotALogo,
    change_tenant,
    pause_bookings,
    remove_logo,
    resume_bookings,
    set_logo,
)


@require_POST
@portal_page(admins_only=True)
def change_business(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take name, tagline, face and time zone."""
    form = BusinessForm(request.POST)
    if not form.is_valid():
        return settings_page(request, viewer, business_form=form)
    return _changed(request, viewer, form.cleaned_data, section="business")


@require_POST
@portal_page(admins_only=True)
def change_colour(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take the accent as it was chosen; pages correct its contrast when they are drawn."""
    form = ColourForm(request.POST)
    if not form.is_valid():
        return settings_page(request, viewer, colour_form=form)
    return _changed(request, viewer, form.cleaned_data, section="colour")


@require_POST
@portal_page(admins_only=True)
def change_logo(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take an image, or remove the one that is there."""
    if "remove" in request.POST:
        if remove_logo(viewer.tenant, actor=viewer.actor):
            messages.success(request, "The logo is removed; your initials stand in its place.")
        return _back("logo")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            set_logo(viewer.tenant, form.cleaned_data["logo"], actor=viewer.actor)
        except NotALogo as fault:
            form.add_error("logo", fault.message)
        else:
            messages.success(request, "The logo is on your page.")
            return _back("logo")
    return settings_page(request, viewer, logo_form=form)


@require_POST
@portal_page(admins_only=True)
def change_access(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take who may open the page."""
    form = AccessForm(request.POST)
    if not form.is_valid():
        return settings_page(request, viewer, access_form=form)
    return _changed(request, viewer, form.cleaned_data, section="access")


@require_POST
@portal_page(admins_only=True)
def change_pause(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Pause new bookings, or take them again."""
    if "resume" in request.POST:
        if resume_bookings(viewer.tenant, actor=viewer.actor):
            messages.success(request, "Clients can book again.")
    elif pause_bookings(viewer.tenant, now=viewer.now, actor=viewer.actor):
        messages.success(request, "New bookings are paused. What is booked stands.")
    return _back("pause")


@require_POST
@portal_page(admins_only=True)
def change_second_factor(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Require a second factor of owners and admins, or stop; owners only."""
    if viewer.user.role != "owner":
        messages.error(request, "Only an owner decides this.")
        return _back("sign-in")
    wanted = request.POST.get("required") == "yes"
    return _changed(request, viewer, {"requires_second_factor": wanted}, section="sign-in")


def _changed(
    request: HttpRequest, viewer: Viewer, changes: Mapping[str, Any], *, section: str
) -> HttpResponse:
    if change_tenant(viewer.tenant, changes=changes, actor=viewer.actor):
        messages.success(request, "Saved, and signed in the ledger.")
    else:
        messages.info(request, "Nothing was different, so nothing changed.")
    return _back(section)


def _back(section: str) -> HttpResponse:
    return SeeOther(f"{reverse('business:settings')}#{section}")
