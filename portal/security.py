"""What every answer tells the browser: run only our own files, embed us nowhere, keep our addresses secret.

Client pages carry their authority in the address (the manage token), so they send no referrer. Pages of
people who signed in send it to ourselves: Django's CSRF check reads Origin, which browsers blank out under
"no-referrer" (Fetch standard, "append a request Origin header").
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.template.loader import render_to_string

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
NO_DEVICES = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
ROOM_DEVICES = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()"

_CLIENT_NAMESPACES = frozenset({"public", "room"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

GetResponse = Callable[[HttpRequest], HttpResponse]


class SecurityHeaders:
    """Adds the headers to every answer, and refuses a client page's POST that another site's page sends."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        namespace = _namespace(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        headers.setdefault("Referrer-Policy", "same-origin" if _signs_in(request) else "no-referrer")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", ROOM_DEVICES if namespace == "room" else NO_DEVICES)
        return response

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """Stop a cross-site POST to a client page before its view runs; None lets the request go on."""
        if _namespace(request) in _CLIENT_NAMESPACES and is_from_another_site(request):
            return HttpResponseForbidden(render_to_string("403.html", request=request))
        return None


def is_from_another_site(request: HttpRequest) -> bool:
    """Say whether a changing request was sent by a page that is not ours.

    Browsers state it in Sec-Fetch-Site (Fetch Metadata). Others are asked by Origin, where "null" is
    what our own pages send under "no-referrer". A client that sends neither (curl) is no browser: it has
    nobody else's authority.
    """
    if request.method in _SAFE_METHODS:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")
    return origin != "null" and origin != f"{request.scheme}://{request.get_host()}"


def _namespace(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.namespace if match else ""


def _signs_in(request: HttpRequest) -> bool:
    """Say whether the page belongs to people who signed in: what was found, and is not a client page."""
    match = request.resolver_match
    return match is not None and match.namespace not in _CLIENT_NAMESPACES
