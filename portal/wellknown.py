"""GET /.well-known/holdfast/keys.json: the public keys of this tenant's ledger, for whoever verifies it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from audit.api import public_keys

_MAX_AGE_SECONDS = 300


@require_safe
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes it
    """Return {"keys": […]}, oldest first; may be kept for five minutes: keys are added, never replaced."""
    response = JsonResponse({"keys": list(public_keys())})
    response["Cache-Control"] = f"public, max-age={_MAX_AGE_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Vary"] = "Host"
    return response
