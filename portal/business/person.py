"""One person: what clients read of them, their role, their account opened and closed."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.api import LastOwner
from booking.api import (
    EventType,
    InvalidProfile,
    PersonView,
    Profile,
    deactivate_person,
    edit_profile,
    give_role,
    open_to_bookings,
    reactivate_person,
    standing_meetings,
)
from booking.api import person as find_person
from portal.business.people import can_manage, person_not_found, roles_for
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.public.zones import zone_groups
from tenants.api import tenant_url

_MEETINGS_SHOWN = 5


class ProfileForm(forms.Form):
    """What clients read of a host; what it means is booking.hosting's to say."""

    name = forms.CharField(max_length=120, error_messages={"required": "Write the name that clients read."})
    slug = forms.CharField(max_length=60, error_messages={"required": "Write the last part of the address."})
    email = forms.CharField(max_length=254, error_messages={"required": "Write an e-mail address."})
    role = forms.CharField(max_length=120, required=False)
    time_zone = forms.CharField(max_length=64)

    def clean_time_zone(self) -> str:
        """Only a zone of the list."""
        name = str(self.cleaned_data["time_zone"])
        if name not in available_timezones():
            raise forms.ValidationError("Choose a time zone from the list.")
        return name

    def profile(self) -> Profile:
        """Return the wish; only of a valid form."""
        values = self.cleaned_data
        return Profile(
            name=" ".join(values["name"].split()),
            slug=values["slug"].strip().lower(),
            email=values["email"].strip(),
            role=values["role"].strip(),
            time_zone=values["time_zone"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def person(request: HttpRequest, viewer: Viewer, key: str) -> HttpResponse:
    """Show a person; POST stores what clients read of them (303)."""
    found = find_person(key)
    if found is None:
        return person_not_found(request, viewer)
    if request.method != "POST":
        return _page(request, viewer, found)
    if found.host is None or not can_manage(viewer, found):
        return person_not_found(request, viewer)
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            edit_profile(found.host, form.profile(), actor=viewer.actor)
        except InvalidProfile as fault:
            for field, words in fault.faults.items():
                form.add_error(field, words)
        else:
            messages.success(request, "The profile is saved. Clients see it at once.")
            return see_other("business:person", key=key)
    return _page(request, viewer, found, form=form, status=422)


@require_POST
@portal_page(admins_only=True)
def role(request: HttpRequest, viewer: Viewer, key: str) -> HttpResponse:
    """Give an account another role (303); the last owner keeps theirs, in words (409)."""
    found = find_person(key)
    asked = request.POST.get("role", "")
    if found is None or found.user is None or not can_manage(viewer, found):
        return person_not_found(request, viewer)
    if asked not in roles_for(viewer):
        return _page(request, viewer, found, fault="Choose one of the roles.", status=422)
    try:
        give_role(found, asked, actor=viewer.actor)
    except LastOwner as fact:
        return _page(request, viewer, found, fault=fact.message, status=409)
    messages.success(request, f"{found.name} is now {roles_for(viewer)[asked][0].lower()}.")
    return see_other("business:people")


@require_POST
@portal_page(admins_only=True)
def bookable(request: HttpRequest, viewer: Viewer, key: str) -> HttpResponse:
    """Give an account a host, so that clients can book them (303)."""
    found = find_person(key)
    if found is None or found.user is None or found.host is not None or not can_manage(viewer, found):
        return person_not_found(request, viewer)
    open_to_bookings(found, actor=viewer.actor)
    messages.success(request, f"{found.name} takes bookings now: choose them in a meeting type.")
    return see_other("business:person", key=key)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def deactivate(request: HttpRequest, viewer: Viewer, key: str) -> HttpResponse:
    """Say what stands and what ends; POST does it (303)."""
    found = find_person(key)
    if found is None or found.key.startswith("i") or not can_manage(viewer, found):
        return person_not_found(request, viewer)
    fault, status = "", 200
    if found.user is not None and found.user.pk == viewer.user.pk:
        fault, status = "You cannot close your own account. Ask another owner or admin.", 409
    elif request.method == "POST":
        try:
            deactivate_person(found, actor=viewer.actor, now=viewer.now)
        except LastOwner as fact:
            fault, status = fact.message, 409
        else:
            messages.success(request, f"{found.name} is deactivated. What is booked stands.")
            return see_other("business:people")
    coming = standing_meetings(found.host, now=viewer.now) if found.host else []
    context = {
        "viewer": viewer,
        "here": "people",
        "person": found,
        "fault": fault,
        "coming_count": len(coming),
        "coming": coming[:_MEETINGS_SHOWN],
        "event_types": EventType.objects.filter(hosts=found.host, active=True) if found.host else [],
    }
    is_refused = request.method == "POST" or not fault
    return render(request, "business/deactivate.html", context, status=status if is_refused else 200)


@require_POST
@portal_page(admins_only=True)
def reactivate(request: HttpRequest, viewer: Viewer, key: str) -> HttpResponse:
    """Let a person sign in and be booked again (303)."""
    found = find_person(key)
    if found is None or found.key.startswith("i") or not can_manage(viewer, found):
        return person_not_found(request, viewer)
    reactivate_person(found, actor=viewer.actor)
    messages.success(request, f"{found.name} is active again. Old sessions and API keys stay ended.")
    return see_other("business:person", key=key)


def _page(
    request: HttpRequest,
    viewer: Viewer,
    found: PersonView,
    *,
    form: ProfileForm | None = None,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    host = found.host
    initial: dict[str, Any] = {}
    if host is not None:
        initial = {name: getattr(host, name) for name in ("name", "slug", "email", "role", "time_zone")}
    form = form or ProfileForm(initial=initial)
    context = {
        "viewer": viewer,
        "here": "people",
        "person": found,
        "form": form,
        "zone": str(form["time_zone"].value() or ""),
        "zones": zone_groups(viewer.now),
        "page_address": tenant_url(viewer.tenant, f"/with/{host.slug}/") if host else "",
        "roles": roles_for(viewer),
        "can_manage": can_manage(viewer, found),
        "is_self": found.user is not None and found.user.pk == viewer.user.pk,
        "fault": fault,
        "shows_faults": True,
    }
    return render(request, "business/person.html", context, status=status)
