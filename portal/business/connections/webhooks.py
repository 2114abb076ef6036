"""Webhooks: where other programs are told; a new secret is shown once, a test is delivered at once."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from portal.business.connections.forms import EVENT_WORDS, WebhookForm
from portal.business.connections.pace import too_fast
from portal.business.connections.states import notice_state
from portal.business.redirects import see_other
from portal.business.shown_once import keep_secret, take_secret
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    InvalidEndpoint,
    ProviderError,
    WebhookEndpoint,
    add_webhook_endpoint,
    deliver_notice,
    get_webhook_endpoint,
    is_simulated,
    notices,
    queue_test_notice,
    remove_webhook_endpoint,
    rotate_webhook_secret,
    switch_on_webhook,
)

_SHOWN = 20


def known_endpoint(
    view: Callable[[HttpRequest, Viewer, WebhookEndpoint], HttpResponse],
) -> Callable[[HttpRequest, Viewer, int], HttpResponse]:
    """Give the view its endpoint, or answer 404."""

    @wraps(view)
    def found(request: HttpRequest, viewer: Viewer, endpoint_id: int) -> HttpResponse:
        endpoint = get_webhook_endpoint(endpoint_id)
        if endpoint is None:
            context = {"viewer": viewer, "here": "connections", "what": "webhook"}
            return render(request, "business/not_found.html", context, status=404)
        return view(request, viewer, endpoint)

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def add_webhook(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask where notices shall go; POST adds it and leads to its page, which shows the secret once."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            endpoint, secret = add_webhook_endpoint(
                said["url"].strip(), events=said["events"], now=viewer.now, actor=viewer.actor
            )
        except InvalidEndpoint as fault:
            form.add_error("url", fault.message)
        else:
            keep_secret(request, of=f"webhook:{endpoint.pk}", secret=secret)
            return see_other("business:webhook", endpoint_id=endpoint.pk)
    context = {"viewer": viewer, "here": "connections", "form": form}
    return render(
        request, "business/connections/add_webhook.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD"])
@portal_page(admins_only=True)
@known_endpoint
def webhook(request: HttpRequest, viewer: Viewer, endpoint: WebhookEndpoint) -> HttpResponse:
    """Show one endpoint and its last deliveries; a new secret once."""
    shown = take_secret(request, kind="webhook")
    context = {
        "viewer": viewer,
        "here": "connections",
        "endpoint": endpoint,
        "is_simulated": is_simulated(endpoint),
        "secret": shown[1] if shown and shown[0] == str(endpoint.pk) else "",
        "events": [EVENT_WORDS.get(event, event) for event in endpoint.events],
        "deliveries": [(each, notice_state(each)) for each in notices(endpoint_id=endpoint.pk, limit=_SHOWN)],
    }
    return render(request, "business/connections/webhook.html", context)


@require_POST
@portal_page(admins_only=True)
@known_endpoint
def test_webhook(request: HttpRequest, viewer: Viewer, endpoint: WebhookEndpoint) -> HttpResponse:
    """Deliver one notice of type holdfast.test now, and say what the receiver answered."""
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return see_other("business:webhook", endpoint_id=endpoint.pk)
    try:
        told = deliver_notice(queue_test_notice(endpoint, now=viewer.now), now=viewer.now)
    except ProviderError as error:
        messages.error(request, f"The test was not received. {error.message}")
    else:
        messages.success(request, f"The test was received; the answer was {told.status_code}.")
    return see_other("business:webhook", endpoint_id=endpoint.pk)


@require_POST
@portal_page(admins_only=True)
@known_endpoint
def rotate_webhook(request: HttpRequest, viewer: Viewer, endpoint: WebhookEndpoint) -> HttpResponse:
    """Make a new secret, shown once; the old one signs nothing any more. A chat has none: its address is it."""
    if endpoint.kind != WebhookEndpoint.Kind.WEBHOOK:
        return see_other("business:webhook", endpoint_id=endpoint.pk)
    secret = rotate_webhook_secret(endpoint, actor=viewer.actor)
    keep_secret(request, of=f"webhook:{endpoint.pk}", secret=secret)
    return see_other("business:webhook", endpoint_id=endpoint.pk)


@require_POST
@portal_page(admins_only=True)
@known_endpoint
def switch_on(request: HttpRequest, viewer: Viewer, endpoint: WebhookEndpoint) -> HttpResponse:
    """Send there again after the receiver said that it was gone."""
    if switch_on_webhook(endpoint, actor=viewer.actor):
        messages.success(request, "Notices go there again.")
    return see_other("business:webhook", endpoint_id=endpoint.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
@known_endpoint
def remove_webhook(request: HttpRequest, viewer: Viewer, endpoint: WebhookEndpoint) -> HttpResponse:
    """Say what removing costs; POST does it."""
    if request.method == "POST":
        remove_webhook_endpoint(endpoint.pk, actor=viewer.actor)
        messages.success(request, "The webhook is removed.")
        return see_other("business:connections")
    context = {"viewer": viewer, "here": "connections", "endpoint": endpoint}
    return render(request, "business/connections/remove_webhook.html", context)
