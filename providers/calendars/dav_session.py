"""HTTP with one calendar server: the password stays with its scheme, host and port; failures have names."""

from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

import httpx
from django.conf import settings

from kernel import http
from providers.calendars import dav_xml
from providers.calendars.asking import answered
from providers.calendars.dav_xml import DavResource, Multistatus
from providers.protocols import Rejected, Unreachable

MAX_BYTES = 8_000_000
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """The server refused a request whose refusal the caller knows what to do with."""


@dataclass(frozen=True, kw_only=True)
class DavAccount:
    """Where and as whom. `url` is any address at the server; the password is sent to its origin only."""

    url: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"DavAccount(url={self.url!r}, username={self.username!r})"


def origin(url: str) -> tuple[str, str, int]:
    """Return (scheme, host, port), lower case, the default port filled in. Raises Rejected for other URLs."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Rejected("This is not a usable calendar address.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None:
        raise Rejected("A calendar address starts with https:// and a host name, without a user name in it.")
    return parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme]


def plain_address(url: str) -> str:
    """Return an address with each part of its path escaped in one way: servers differ over "@" and "%40"."""
    parts = urlsplit(url)
    path = "/".join(quote(unquote(each), safe="@") for each in parts.path.split("/"))
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


class DavSession:
    """Requests to one account. Close it, or use it in a `with`. Safe for one thread at a time."""

    def __init__(self, account: DavAccount, *, timeout_seconds: float = 5.0) -> None:
        """Open no connection yet. Raises Rejected where the password would travel in clear (plain http)."""
        self._origin = origin(account.url)
        scheme, host, port = self._origin
        if scheme == "http" and f"{host}:{port}" not in settings.HOLDFAST_HTTP_ALLOW:
            raise Rejected(
                "A calendar password is only sent over a secure connection: use an https:// address."
            )
        self._auth = httpx.BasicAuth(account.username, account.password)
        self._client = http.guarded_client(timeout_seconds=timeout_seconds, max_bytes=MAX_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def request(
        self, method: str, url: str, *, body: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send one request; return an answer below 500 that is neither a refused sign-in nor a redirect.

        Raises Unreachable (no answer, 5xx, a page in an answer's place), RateLimited (429), Unauthorised (401),
        Rejected (redirects, other origins, forbidden addresses), and NetworkInsideTransaction.
        """
        answer = self.request_once(method, url, body=body, headers=headers)
        if answer.is_redirect:
            raise Rejected(
                "The calendar server sends us to another address: connect the calendar with that one."
            )
        if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
            raise Unreachable("The calendar server's answer makes no sense.")
        return answer

    def request_once(
        self, method: str, url: str, *, body: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Like `request`, but hands back a redirect, which is never followed here."""
        if origin(url) != self._origin:
            raise Rejected("The calendar server points to another server, which never gets this password.")
        return answered(
            lambda: self._client.request(
                method, url, content=body.encode(), headers=headers, auth=self._auth, follow_redirects=False
            )
        )

    def resources(self, method: str, url: str, *, body: str, depth: int) -> tuple[DavResource, ...]:
        """Send PROPFIND or REPORT; return the resources of the answer.

        Raises as `multistatus` does.
        """
        return self.multistatus(method, url, body=body, depth=depth).resources

    def multistatus(
        self, method: str, url: str, *, body: str, depth: int, refusals: Collection[int] = ()
    ) -> Multistatus:
        """Send PROPFIND or REPORT; return what the answer says.

        Raises as `request` does; Unreachable for an answer that is no multistatus (a portal page, half an
        answer), Refused for a status among `refusals`, Rejected for any other 4xx.
        """
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        answer = self.request(method, url, body=body, headers=headers)
        if answer.status_code in refusals:
            raise Refused(answer.status_code)
        if answer.status_code == 404:
            raise Rejected("The calendar is not there any more.")
        if answer.status_code >= 400:
            raise Rejected(f"The calendar server refused the request (HTTP {answer.status_code}).")
        if answer.status_code != 207:
            raise Unreachable("The calendar server's answer makes no sense.")
        try:
            return dav_xml.read_multistatus(answer.content)
        except dav_xml.RubbishXml as error:
            raise Unreachable("The calendar server's answer makes no sense.") from error

    def absolute(self, base: str, href: str) -> str:
        """Return `href` of an answer from `base` as an address. Raises Rejected if it leaves the server."""
        try:
            url = urljoin(base, href)
        except ValueError as error:
            raise Rejected("The calendar server's answer holds an address that cannot be used.") from error
        if origin(url) != self._origin:
            raise Rejected(
                f"This account lives at another server ({urlsplit(url).hostname}). Connect the calendar with"
                " that address: a password is never passed on."
            )
        return url
