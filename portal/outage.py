"""What a request gets when nothing caught its error (Django's handler500): 503 for a database that is away.

Set as `handler500` of every URL configuration. It reads no table, renders no template, tells nothing inside.
"""

import sys

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from portal.api.problems import problem

_RETRY_SECONDS = 2
_AWAY = "The database cannot be reached right now; nothing was changed. Try again in a moment."
_FAULT = "Something failed on our side. Try again; a booking sent again with its key is made only once."


def server_error(request: HttpRequest) -> HttpResponse:
    """Return 503 with Retry-After for a database error, else 500; JSON below /api/, plain words elsewhere."""
    away = isinstance(sys.exception(), DatabaseError | InterfaceError)
    status, words = (503, _AWAY) if away else (500, _FAULT)
    retry_after = _RETRY_SECONDS if away else None
    if request.path.startswith(("/api/", "/.well-known/", "/readyz")):
        return problem("busy", words, status=status, retry_after_seconds=retry_after)
    response = HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
