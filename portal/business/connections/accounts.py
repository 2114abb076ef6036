"""Connecting a host's account at Google or Microsoft: the way there, and the way back by the hand-over."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from booking.api import Host
from portal.business.connections.calendars import not_found, own_host
from portal.business.connections.pace import too_fast
from portal.business.connections.vendors import known_vendor, redirect_uri
from portal.business.redirects import SeeOther, see_other
from portal.business.viewer import Viewer, portal_page
from portal.security import CONTENT_POLICY
from providers.api import (
    Arrival,
    CalendarConnection,
    NoApp,
    OAuthAccount,
    ProviderError,
    StateRefused,
    Vendor,
    app_credentials,
    connect_account,
    connect_zoom_account,
    depart,
    read_handover,
)

_KEY = "oauth"
_MOST_AT_ONCE = 5


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def connect_at(request: HttpRequest, viewer: Viewer, kind: str, host_id: int) -> HttpResponse:
    """Say what will be asked for; POST sends the browser to the vendor's consent page."""
    host, there = own_host(viewer, host_id), known_vendor(kind)
    if host is None or there is None:
        return not_found(request, viewer)
    try:
        app = app_credentials(there)
    except NoApp:
        return _page(request, viewer, host, there, status=200, missing=True)
    except ProviderError as fault:
        return _page(request, viewer, host, there, status=503, fault=fault.message)
    if request.method == "POST":
        leaving = depart(
            there,
            app,
            schema=viewer.tenant.schema_name,
            host=request.get_host().rsplit(":", 1)[0].lower(),
            redirect_uri=redirect_uri(),
        )
        begun: dict[str, Any] = dict(request.session.get(_KEY) or {})
        begun[leaving.nonce] = {"kind": kind, "host": host.pk, "verifier": leaving.verifier}
        request.session[_KEY] = dict(list(begun.items())[-_MOST_AT_ONCE:])
        return SeeOther(leaving.url)
    answer = _page(request, viewer, host, there, status=200)
    answer.headers["Content-Security-Policy"] = _policy(app.place(there.authorize_url))
    return answer


@require_safe
@portal_page()
def finish(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Take a hand-over that this session asked for, once: redeem its code and keep the account."""
    try:
        arrival = read_handover(request.GET.get("handover", ""), schema=viewer.tenant.schema_name)
        kind, host_id, verifier = _begun(request, arrival)
    except StateRefused as refused:
        messages.error(request, f"Nothing was connected. {refused.message}")
        return see_other("business:connections")
    host, there = own_host(viewer, host_id), known_vendor(kind)
    if host is None or there is None:
        return not_found(request, viewer)
    kept = _connected(request, viewer, host, there, arrival, verifier)
    if kept is None:
        return see_other("business:connect_account", kind=kind, host_id=host.pk)
    if isinstance(kept, OAuthAccount):
        messages.success(
            request, f"Connected. {host.name}’s meetings on Zoom are made in this account from now on."
        )
        return see_other("business:zoom")
    messages.success(request, f"Connected. Choose now which calendars of {host.name} count.")
    return see_other("business:calendar", connection_id=kept.pk)


def _begun(request: HttpRequest, arrival: Arrival) -> tuple[str, int, str]:
    """Return what this session began under the nonce, and forget it; raises StateRefused for anybody else's."""
    begun = dict(request.session.get(_KEY) or {})
    found = begun.pop(arrival.nonce, None)
    if found is None:
        raise StateRefused("This answer was not asked for from here, or was used already. Begin again.")
    request.session[_KEY] = begun
    request.session.save()  # now, not after the answer: the same link in two tabs is redeemed once
    return str(found["kind"]), int(found["host"]), str(found["verifier"])


def _connected(
    request: HttpRequest, viewer: Viewer, host: Host, there: Vendor, arrival: Arrival, verifier: str
) -> CalendarConnection | OAuthAccount | None:
    """Redeem the code; None after a message that says why nothing was connected. Zoom's accounts have no calendar."""
    if not arrival.code:
        words = "access was not allowed there" if arrival.error == "access_denied" else "it sent no code"
        messages.warning(request, f"Nothing was connected: {there.name} says that {words}.")
        return None
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return None
    try:
        if there.kind == "zoom":
            return connect_zoom_account(
                host.pk,
                code=arrival.code,
                verifier=verifier,
                redirect_uri=redirect_uri(),
                now=viewer.now,
                actor=viewer.actor,
            )
        return connect_account(
            host.pk,
            kind=there,
            code=arrival.code,
            verifier=verifier,
            redirect_uri=redirect_uri(),
            now=viewer.now,
            time_zone=host.time_zone,
            actor=viewer.actor,
        )
    except ProviderError as fault:
        messages.error(request, f"Nothing was connected. {fault.message}")
        return None


def _page(
    request: HttpRequest,
    viewer: Viewer,
    host: Host,
    there: Vendor,
    *,
    status: int,
    missing: bool = False,
    fault: str = "",
) -> HttpResponse:
    context = {
        "viewer": viewer,
        "here": "connections",
        "host": host,
        "vendor": there,
        "missing": missing,
        "fault": fault,
    }
    return render(request, "business/connections/connect_account.html", context, status=status)


def _policy(authorize_url: str) -> str:
    """Return our content policy with the consent page as a place that this page's form may lead to.

    Browsers hold `form-action` against redirects too (CSP 3, 6.4.1): POST, 303, the vendor.
    """
    parts = urlsplit(authorize_url)
    return CONTENT_POLICY.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
