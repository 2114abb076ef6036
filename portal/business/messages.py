"""Messages: what was sent, to whom, how it went; the text, the HTML as its reader saw it, the invite."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from portal.business import paging
from portal.business.viewer import Viewer, portal_page
from portal.security import CONTENT_POLICY
from providers.api import Message, MessageNotFound, get_message
from providers.api import messages as find_messages

_PAGE = 50

# The mail's own styles may run, nothing else: no script, no form, no request to anywhere.
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@require_safe
@portal_page(admins_only=True)
def messages(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show a page of messages, newest first."""
    before = paging.before(request)
    found = find_messages(before_id=before, limit=_PAGE + 1)
    context = {
        "viewer": viewer,
        "here": "messages",
        "rows": found[:_PAGE],
        "older": found[_PAGE - 1].pk if len(found) > _PAGE else None,
        "is_first": before is None,
    }
    return render(request, "business/messages.html", context)


@require_safe
@portal_page(admins_only=True)
def message(request: HttpRequest, viewer: Viewer, message_id: int) -> HttpResponse:
    """Show one message: its fate, its text, its HTML in a sandbox, its invite."""
    found = _find(message_id)
    if found is None:
        return _not_found(request, viewer)
    context = {"viewer": viewer, "here": "messages", "message": found}
    response = render(request, "business/message.html", context)
    response["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return response


@require_safe
@xframe_options_sameorigin
@portal_page(admins_only=True)
def message_html(request: HttpRequest, viewer: Viewer, message_id: int) -> HttpResponse:
    """Serve the HTML of a message for the sandboxed frame, under a policy that lets it do nothing."""
    found = _find(message_id)
    if found is None or not found.html:
        return _not_found(request, viewer)
    response = HttpResponse(found.html, content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


def _find(message_id: int) -> Message | None:
    try:
        return get_message(message_id)
    except MessageNotFound:
        return None


def _not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = {"viewer": viewer, "here": "messages", "what": "message"}
    return render(request, "business/not_found.html", context, status=404)
