"""From domain errors to pages: one table, one decorator that every client page wears."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from kernel.errors import HoldfastError
from portal.public.access import PageClosed, check_may_open
from portal.public.tenant import tenant_of

View = Callable[..., HttpResponse]


class LinkRenewed(Exception):
    """The page has a new address; `address` is where the asking browser may follow it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


_STATUS = {
    "not_found": 404,
    "rate_limited": 429,
    "busy": 503,
    "not_durable": 503,
    "tenant_paused": 503,
    "tenant_suspended": 503,
}
_PASSING_SECONDS = 2  # how soon a page that hit a passing trouble may be asked again


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done; look at it there (RFC 9110, 15.4.4)."""

    status_code = 303


def client_page(view: View) -> View:
    """Let those in whom the business lets in, and answer errors in words (door_page).

    An address that carries a token (a manage link, a room) opens what it names to whoever has it.
    """

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "token" not in kwargs:
            check_may_open(request, tenant_of(request))
        return view(request, *args, **kwargs)

    return door_page(gated)


def door_page(view: View) -> View:
    """Turn the domain's errors into pages in words, and exempt the view from cookie-based CSRF.

    No cookie is authority to change anything here; portal.security refuses cross-site posts instead.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except LinkRenewed as renewed:
            response = SeeOther(renewed.address)
            if is_fragment(request):
                response = HttpResponse(status=204, headers={"HX-Redirect": renewed.address})
        except PageClosed as closed:
            response = SeeOther(closed.door)
            if is_fragment(request):
                response = HttpResponse(status=204, headers={"HX-Redirect": closed.door})
        except HoldfastError as error:
            response = error_page(request, error)
        except (OperationalError, InterfaceError):
            response = render(request, "503.html", {"code": "busy"}, status=503)
            response["Retry-After"] = str(_PASSING_SECONDS)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return answer


def error_page(request: HttpRequest, error: HoldfastError) -> HttpResponse:
    """Return the error as a page: 404 and 429 and 503 where they belong, 400 for what was asked wrongly."""
    status = _STATUS.get(error.code, 400)
    response = render(
        request, f"{status}.html", {"message": error.message, "code": error.code}, status=status
    )
    if status in (429, 503):
        response["Retry-After"] = str(error.fields.get("retry_after_seconds", _PASSING_SECONDS))
    return response


def is_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asks for a part; a restored history entry wants the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"
