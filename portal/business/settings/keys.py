"""API keys: made (shown once), listed, revoked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.api import ApiKey, api_keys, create_api_key, revoke_api_key
from portal.business.redirects import see_other
from portal.business.settings.forms import SCOPE_WORDS, ApiKeyForm
from portal.business.shown_once import keep_secret, take_secret
from portal.business.viewer import Viewer, portal_page
from tenants.api import tenant_url


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def keys(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """List the keys; POST makes one and shows its secret once."""
    form = ApiKeyForm(request.POST or None, initial={"scopes": ["bookings:read"]})
    if request.method == "POST" and form.is_valid():
        made = create_api_key(
            form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            created_by=viewer.user,
            now=viewer.now,
        )
        keep_secret(request, of=f"api_key:{made.key.pk}", secret=made.secret)
        return see_other("business:api_keys")
    shown = take_secret(request, kind="api_key") if request.method == "GET" else None
    found = api_keys()
    context = {
        "viewer": viewer,
        "here": "settings",
        "keys": found,
        "form": form,
        "scope_words": SCOPE_WORDS,
        "secret": shown[1] if shown else "",
        "new_key": next((key for key in found if shown and str(key.pk) == shown[0]), None),
        "api_address": tenant_url(viewer.tenant, "/api/v1/"),
    }
    return render(request, "business/settings/keys.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def revoke_key(request: HttpRequest, viewer: Viewer, key_id: int) -> HttpResponse:
    """Say what revoking costs; POST does it."""
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        context = {"viewer": viewer, "here": "settings", "what": "API key"}
        return render(request, "business/not_found.html", context, status=404)
    if request.method == "POST":
        if revoke_api_key(key, now=viewer.now, revoked_by=viewer.user):
            messages.success(request, "The key is revoked. Requests with it are refused from now on.")
        return see_other("business:api_keys")
    return render(
        request, "business/settings/revoke_key.html", {"viewer": viewer, "here": "settings", "key": key}
    )
