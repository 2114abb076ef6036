"""A secret that is shown once: sealed in the session from the POST that made it to the page that shows it."""

import base64

from django.http import HttpRequest

from kernel import crypto

_KEY = "shown_once"


def keep_secret(request: HttpRequest, *, of: str, secret: str) -> None:
    """Keep `secret` of `of` ("api_key:3") for the next page; the session holds ciphertext only."""
    sealed = crypto.seal(secret.encode(), aad=_place(request, of))
    request.session[_KEY] = [of, base64.b64encode(sealed).decode()]


def take_secret(request: HttpRequest, *, kind: str) -> tuple[str, str] | None:
    """Return (id, secret) of the kind ("api_key") that was kept, and forget it; None when there is none."""
    of, sealed = request.session.get(_KEY) or ("", "")
    if not of.startswith(f"{kind}:"):
        return None
    del request.session[_KEY]
    try:
        secret = crypto.open_sealed(base64.b64decode(sealed), aad=_place(request, of)).decode()
    except crypto.CannotOpen:
        return None
    return of.partition(":")[2], secret


def _place(request: HttpRequest, of: str) -> str:
    return f"shown_once/{request.user.pk}/{of}"
