"""Zoom: the organisation's app, typed, tested and used only if that went well; and each host's own account."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import Host
from portal.business.connections.calendars import not_found, own_host
from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    ZOOM_SCOPES,
    OAuthAccount,
    ProviderError,
    WrongSetting,
    ZoomOrganisation,
    disconnect_zoom_account,
    forget_zoom,
    try_zoom,
    try_zoom_account,
    use_zoom,
    vendor,
    zoom_accounts,
    zoom_organisation,
)

_TEXT = {"autocomplete": "off", "spellcheck": "false"}
_FIELDS = {"client_secret": "secret", "scopes": "client_id"}


class ZoomForm(forms.Form):
    """What Zoom's Marketplace shows of a server-to-server app, and who hosts."""

    account_id = forms.CharField(
        max_length=100,
        label="Account id",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Write the account id."},
    )
    client_id = forms.CharField(
        max_length=255,
        label="Client id",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Write the client id."},
    )
    secret = forms.CharField(
        max_length=500,
        label="Client secret",
        help_text="Kept sealed. It is never shown again, here or anywhere.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Write the client secret."},
    )
    user = forms.EmailField(
        max_length=254,
        required=False,
        label="Who hosts, if the account does not know the host",
        help_text="The address of a user of the Zoom account; empty for the app’s owner.",
        widget=forms.EmailInput(attrs=_TEXT),
        error_messages={"invalid": "Write a mail address, or leave it empty."},
    )


@dataclass(frozen=True, kw_only=True)
class HostAccount:
    """A host and the Zoom account that they connected, if they did."""

    host: Host
    account: OAuthAccount | None


@require_safe
@portal_page()
def zoom(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what is connected: the hosts' own accounts, and for owners and admins the organisation's app."""
    context = {
        "viewer": viewer,
        "here": "connections",
        "organisation": zoom_organisation() if viewer.sees_everything else None,
        "hosts": _hosts(viewer),
        "is_simulated": vendor("zoom").is_simulated,
    }
    return render(request, "business/connections/zoom.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def app(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask for the organisation's app; POST tests what was typed, and uses it only if the test passed."""
    form = ZoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wait = too_fast(request, viewer)
        if wait:
            messages.warning(request, wait)
        elif _connected(form, viewer):
            messages.success(request, "Zoom takes this app. Meeting types can be on Zoom now.")
            return see_other("business:zoom")
    context = {"viewer": viewer, "here": "connections", "form": form, "scopes": sorted(ZOOM_SCOPES)}
    return render(request, "business/connections/zoom_app.html", context, status=422 if form.errors else 200)


@require_POST
@portal_page(admins_only=True)
def test(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Test the organisation's app, and say which setting is wrong."""
    app = zoom_organisation()
    if app is not None:
        _say(request, viewer, partial(try_zoom, app))
    return see_other("business:zoom")


@require_POST
@portal_page(admins_only=True)
def forget(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Forget the organisation's app and its secret."""
    if forget_zoom(actor=viewer.actor):
        messages.success(
            request,
            "Forgotten. Zoom meetings that it made can be joined, but not moved or deleted from here any more.",
        )
    return see_other("business:zoom")


@require_POST
@portal_page()
def test_account(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Test a host's own account."""
    host = own_host(viewer, host_id)
    if host is None:
        return not_found(request, viewer)
    for account in zoom_accounts([host.pk]):
        _say(request, viewer, partial(try_zoom_account, account))
    return see_other("business:zoom")


@require_POST
@portal_page()
def disconnect_account(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Revoke a host's grant at Zoom, and forget the account."""
    host = own_host(viewer, host_id)
    if host is None:
        return not_found(request, viewer)
    ended = disconnect_zoom_account(host.pk, actor=viewer.actor)
    if ended == "revoked":
        messages.success(request, "Disconnected, and revoked at Zoom.")
    elif ended:
        messages.warning(
            request,
            "Disconnected here. Zoom did not answer: remove the app under zoom.us, Marketplace, Installed apps.",
        )
    return see_other("business:zoom")


def _hosts(viewer: Viewer) -> list[HostAccount]:
    """Return the hosts that the viewer may see with their accounts. Two queries."""
    hosts = Host.objects.filter(active=True)
    if viewer.only_host is not None:
        hosts = hosts.filter(pk=viewer.only_host)
    found = list(hosts)
    accounts = {account.host_id: account for account in zoom_accounts([host.pk for host in found])}
    return [HostAccount(host=host, account=accounts.get(host.pk)) for host in found]


def _connected(form: ZoomForm, viewer: Viewer) -> bool:
    said = form.cleaned_data
    app = ZoomOrganisation(
        account_id=said["account_id"].strip(),
        client_id=said["client_id"].strip(),
        secret=said["secret"].strip(),
        user=said["user"] or "me",
    )
    try:
        try_zoom(app)
    except WrongSetting as fault:
        form.add_error(_FIELDS.get(fault.setting, fault.setting), fault.message)
        return False
    except ProviderError as fault:
        form.add_error("account_id", fault.message)
        return False
    use_zoom(app, now=viewer.now, actor=viewer.actor)
    return True


def _say(request: HttpRequest, viewer: Viewer, test: Callable[[], None]) -> None:
    """Run a test and say how it went."""
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return
    try:
        test()
    except ProviderError as fault:
        messages.error(request, f"The test failed. {fault.message}")
    else:
        messages.success(request, "Zoom answered: this connection works.")
