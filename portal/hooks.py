"""Where vendors call us when a calendar changed, a text arrived or a mail did not: nobody signs in,
the call's own secret or signature is the proof."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kernel.clock import now
from providers.api import CalendarCall, hear_call, hear_mail_reports, hear_report, is_channel

_LONGEST_TOKEN = 2000
_LIFECYCLE: dict[str, CalendarCall] = {"reauthorizationRequired": "ending", "subscriptionRemoved": "ended"}


@csrf_exempt
@require_POST
def calendar_called(request: HttpRequest, key: str) -> HttpResponse:
    """Take a vendor's call: Google's is all headers, Microsoft's is JSON. 404 for what is no channel of ours."""
    if "validationToken" in request.GET:
        return _validated(key, request.GET["validationToken"])
    if "X-Goog-Channel-Token" in request.headers:
        return _from_google(request, key)
    return _from_microsoft(request, key)


def _from_google(request: HttpRequest, key: str) -> HttpResponse:
    """Answer 204, so that it is not sent again (developers.google.com/workspace/calendar/api/guides/push)."""
    is_greeting = request.headers.get("X-Goog-Resource-State") == "sync"
    secret = request.headers["X-Goog-Channel-Token"]
    known = hear_call(key, secret=secret, says="greeting" if is_greeting else "changed", now=now())
    return HttpResponse(status=204 if known else 404)


def _validated(key: str, token: str) -> HttpResponse:
    """Give Microsoft its token back as plain text, for a channel that we are opening alone.

    learn.microsoft.com/graph/change-notifications-delivery-webhooks, "notificationUrl validation".
    """
    if len(token) > _LONGEST_TOKEN or not is_channel(key, now=now()):
        return HttpResponse(status=404)
    return HttpResponse(token, content_type="text/plain; charset=utf-8")


def _from_microsoft(request: HttpRequest, key: str) -> HttpResponse:
    """Answer 202 where one of the notices carries our secret ("Processing the change notification", the same page).

    Lifecycle notices come to the same address (graph/change-notifications-lifecycle-events).
    """
    known = [
        hear_call(
            key,
            secret=str(notice.get("clientState")),
            says=_LIFECYCLE.get(str(notice.get("lifecycleEvent")), "changed"),
            now=now(),
        )
        for notice in _notices(request)
    ]
    return HttpResponse(status=202 if any(known) else 404)


def _notices(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what a call holds, [] where it is none of Microsoft's."""
    try:
        said = json.loads(request.body)
        return [each for each in said["value"] if isinstance(each, dict)]
    except (ValueError, KeyError, TypeError):
        return []


@csrf_exempt
@require_POST
def text_reported(request: HttpRequest, reference: str) -> HttpResponse:
    """Take Twilio's report of a text; 403 for what Twilio did not sign (twilio.com/docs/usage/security)."""
    form = {name: request.POST[name] for name in request.POST}
    signature = request.headers.get("X-Twilio-Signature", "")
    known = hear_report(reference, form=form, signature=signature, now=now())
    return HttpResponse(status=204 if known else 403)


@csrf_exempt
@require_POST
def mail_reported(request: HttpRequest) -> HttpResponse:
    """Take what the installation's mail service reports, on the platform's host; 403 for what it did not send."""
    return HttpResponse(status=200 if hear_mail_reports(request, now=now()) else 403)


urlpatterns = [
    path("texts/<slug:reference>/", text_reported, name="text_reported"),
    path("calendars/<slug:key>/", calendar_called, name="calendar_called"),
]
