"""The business's own client id and secret at a vendor: set, tried, removed; with the steps to get them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from portal.business.connections.calendars import not_found
from portal.business.connections.forms import ClientForm
from portal.business.connections.pace import too_fast
from portal.business.connections.vendors import known_vendor, redirect_uri
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    AppCredentials,
    NoApp,
    ProviderError,
    Vendor,
    app_credentials,
    check_oauth_client,
    remove_oauth_app,
    set_oauth_app,
)

_FIELD_OF_SETTING = {"client_secret": "secret", "directory": "directory"}


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def client(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Show which client is used, and how to get one; POST tries the given one, and keeps it if it works."""
    there = known_vendor(kind)
    if there is None:
        return not_found(request, viewer)
    used = _used(there)
    form = ClientForm(
        request.POST or None,
        vendor=there,
        initial={"client_id": used.client_id, "directory": used.directory}
        if used and used.source == "portal"
        else {"directory": "common"},
    )
    if request.method == "POST" and form.is_valid() and _kept(request, viewer, there, form):
        messages.success(request, f"{there.name} takes it. It is kept sealed, and used from now on.")
        return see_other("business:oauth_client", kind=kind)
    context = {
        "viewer": viewer,
        "here": "connections",
        "vendor": there,
        "form": form,
        "used": used,
        "redirect_uri": redirect_uri(),
    }
    status = 422 if form.errors else 200
    return render(request, "business/connections/client.html", context, status=status)


@require_POST
@portal_page(admins_only=True)
def test_client(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Ask the vendor whether it takes the client that is used now, and say which setting is wrong."""
    there = known_vendor(kind)
    if there is None:
        return not_found(request, viewer)
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
    else:
        try:
            seen = check_oauth_client(there, app_credentials(there), redirect_uri=redirect_uri())
        except ProviderError as fault:
            messages.error(request, f"The test failed. {fault.message}")
        else:
            say = messages.error if seen.setting else messages.success
            say(request, f"{'The test failed. ' if seen.setting else ''}{seen.words}")
    return see_other("business:oauth_client", kind=kind)


@require_POST
@portal_page(admins_only=True)
def remove_client(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Forget the business's own client; the platform's is used again, where it has one."""
    there = known_vendor(kind)
    if there is None:
        return not_found(request, viewer)
    if remove_oauth_app(there, actor=viewer.actor):
        messages.success(request, "Removed. Accounts that were connected with it have to be connected again.")
    return see_other("business:oauth_client", kind=kind)


def _used(there: Vendor) -> AppCredentials | None:
    try:
        return app_credentials(there)
    except (NoApp, ProviderError):
        return None


def _kept(request: HttpRequest, viewer: Viewer, there: Vendor, form: ClientForm) -> bool:
    """Try the client at the vendor and keep it; a failure is written to the field that is wrong."""
    if wait := too_fast(request, viewer):
        form.add_error("client_id", wait)
        return False
    said = form.cleaned_data
    tried = AppCredentials(
        client_id=said["client_id"], secret=said["secret"], directory=said["directory"], source="portal"
    )
    seen = check_oauth_client(there, tried, redirect_uri=redirect_uri())
    if seen.setting:
        form.add_error(_FIELD_OF_SETTING.get(seen.setting, "client_id"), seen.words)
        return False
    set_oauth_app(
        there,
        client_id=tried.client_id,
        secret=tried.secret,
        directory=tried.directory,
        now=viewer.now,
        actor=viewer.actor,
    )
    return True
