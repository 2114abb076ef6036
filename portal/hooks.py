"""Where vendors call us when a calendar changed: nobody signs in, the channel's own secret is the proof."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kernel.clock import now
from providers.api import hear_call


@csrf_exempt
@require_POST
def calendar_called(request: HttpRequest, key: str) -> HttpResponse:
    """Take Google's call (developers.google.com/workspace/calendar/api/guides/push): the headers are all of it.

    204 for a channel of ours, so that it is not sent again; 404 for any other.
    """
    known = hear_call(
        key,
        secret=request.headers.get("X-Goog-Channel-Token", ""),
        is_greeting=request.headers.get("X-Goog-Resource-State") == "sync",
        now=now(),
    )
    return HttpResponse(status=204 if known else 404)


urlpatterns = [path("calendars/<slug:key>/", calendar_called, name="calendar_called")]
