"""Connecting a chat: its webhook's address is sealed, and a test is sent at once. Its page is the webhooks'."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from portal.business.connections.forms import ChatForm
from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    CHATS,
    InvalidEndpoint,
    ProviderError,
    add_chat,
    deliver_notice,
    queue_test_notice,
)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def add(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Ask for the webhook's address; POST adds it, sends a test, and says whether that was taken."""
    if kind not in CHATS:
        context = {"viewer": viewer, "here": "connections", "what": "chat"}
        return render(request, "business/not_found.html", context, status=404)
    form = ChatForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            endpoint = add_chat(kind, said["url"], events=said["events"], now=viewer.now, actor=viewer.actor)
        except InvalidEndpoint as fault:
            form.add_error("url", fault.message)
        else:
            _test(request, viewer, queue_test_notice(endpoint, now=viewer.now))
            return see_other("business:webhook", endpoint_id=endpoint.pk)
    context = {"viewer": viewer, "here": "connections", "form": form, "chat": CHATS[kind]}
    return render(request, "business/connections/add_chat.html", context, status=422 if form.errors else 200)


def _test(request: HttpRequest, viewer: Viewer, notice: int) -> None:
    if wait := too_fast(request, viewer):
        messages.warning(request, f"Connected. {wait}")
        return
    try:
        deliver_notice(notice, now=viewer.now)
    except ProviderError as error:
        messages.error(request, f"Connected, but the test was not taken. {error.message}")
    else:
        messages.success(request, "Connected: the test is in the channel.")
