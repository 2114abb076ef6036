"""The business's own Jitsi server: typed, tested up to a room's door, and used only if that went well."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    ProviderError,
    Rejected,
    checked_jitsi,
    forget_jitsi,
    jitsi_server,
    try_jitsi,
    use_jitsi,
)

_TEXT = {"autocomplete": "off", "spellcheck": "false"}


class JitsiForm(forms.Form):
    """Address, application id and secret."""

    base_url = forms.CharField(
        max_length=200,
        label="Address of the server",
        help_text="https://meet.example.com, as it stands before a room’s name.",
        widget=forms.TextInput(attrs={"type": "url", **_TEXT}),
        error_messages={"required": "Write the server’s address."},
    )
    app_id = forms.CharField(
        max_length=60,
        required=False,
        label="Application id",
        help_text="The server’s app_id, where it lets in by token only.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    secret = forms.CharField(
        max_length=500,
        required=False,
        strip=False,
        label="Secret",
        help_text="The server’s app_secret. It is kept sealed; each meeting’s link carries a token for its own room.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def jitsi(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the server that is connected; POST tests what was typed, and uses it only if the test passed."""
    form = JitsiForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wait = too_fast(request, viewer)
        if wait:
            messages.warning(request, wait)
        elif _connected(form, viewer):
            messages.success(request, "A room was opened up to its door. Meeting types can be on Jitsi now.")
            return see_other("business:jitsi")
    context = {"viewer": viewer, "here": "connections", "form": form, "server": jitsi_server()}
    return render(request, "business/connections/jitsi.html", context, status=422 if form.errors else 200)


@require_POST
@portal_page(admins_only=True)
def test(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Test the server that is connected."""
    server = jitsi_server()
    if server is None:
        return see_other("business:jitsi")
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return see_other("business:jitsi")
    try:
        try_jitsi(server, now=viewer.now)
    except ProviderError as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "A room was opened up to its door.")
    return see_other("business:jitsi")


@require_POST
@portal_page(admins_only=True)
def forget(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Forget the server and its secret."""
    if forget_jitsi(actor=viewer.actor):
        messages.success(
            request, "The Jitsi server is forgotten. Meeting types that are on Jitsi need another place."
        )
    return see_other("business:jitsi")


def _connected(form: JitsiForm, viewer: Viewer) -> bool:
    said = form.cleaned_data
    try:
        server = checked_jitsi(said["base_url"], app_id=said["app_id"].strip(), secret=said["secret"])
    except Rejected as fault:
        form.add_error(str(fault.fields.get("setting", "base_url")), fault.message)
        return False
    try:
        try_jitsi(server, now=viewer.now)
    except ProviderError as fault:
        form.add_error("secret" if "token" in fault.message else "base_url", fault.message)
        return False
    use_jitsi(server, now=viewer.now, actor=viewer.actor)
    return True
