"""The only HTTP clients that leave the building: one for addresses that people typed, one for our own.

`guarded_client` resolves the name itself, refuses unless EVERY address is public, and connects to the address
it checked, so a name that answers differently the second time (DNS rebinding) gains nothing. No redirects, no
cookies, no proxy or netrc from the environment, one deadline for the whole request, a limit on the answer's size.
`own_address_client` reaches our own web process with the right Host header, for hosts of our tenants only.

Both return an `httpx.Client` whose every failure is one of four: `Unreachable`, `TimedOut`, `TooLarge`,
`ForbiddenAddress`. A status code is an answer, not a failure. A client keeps its connections until it is closed
or they were idle for 20 seconds; `kernel.calling` says which requests may be sent twice.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpcore
import httpx
from django.conf import settings

from kernel.connecting import GuardedNetwork, NameUnknown, OwnNetwork, RefusedAddress, Resolver, resolve
from kernel.errors import HoldfastError

DEFAULT_MAX_BYTES = 1_000_000
_IDLE_SECONDS = 20.0
_MOST_CONNECTIONS = 64


class HttpError(HoldfastError):
    """A request ended without a usable answer. `may_have_acted`: something may have been sent."""

    def __init__(self, message: str, *, may_have_acted: bool = True) -> None:
        super().__init__(message)
        self.may_have_acted = may_have_acted


class Unreachable(HttpError):
    """No connection, a broken one, no TLS, or an answer that is not HTTP."""

    code = "unreachable"


class TimedOut(HttpError):
    """The request, from the name's lookup to the last byte, took longer than allowed."""

    code = "timed_out"


class TooLarge(HttpError):
    """The answer's body is larger than allowed."""

    code = "too_large"


class ForbiddenAddress(HttpError):
    """The URL does not lead to a public address, or is no http(s) URL: nothing was sent."""

    code = "forbidden_address"


class GuardedClient(httpx.Client):
    """An httpx.Client whose failures are the closed set above."""

    def build_request(self, *args: Any, **kwargs: Any) -> httpx.Request:
        """Build a request as httpx does; a URL that is none raises ForbiddenAddress."""
        try:
            request = super().build_request(*args, **kwargs)
        except httpx.InvalidURL as error:
            raise ForbiddenAddress(f"This is not a usable address: {error}.") from error
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise ForbiddenAddress("Only http:// and https:// addresses can be reached.")
        if request.url.port is not None and not 0 < request.url.port < 65536:
            raise ForbiddenAddress(f"There is no port {request.url.port}.")
        return request


def guarded_client(
    *,
    timeout_seconds: float = 5.0,
    max_bytes: int = DEFAULT_MAX_BYTES,
    resolver: Resolver = resolve,
    verify: ssl.SSLContext | None = None,
) -> GuardedClient:
    """Return a client for addresses that people typed (calendars, webhooks, meeting links).

    `timeout_seconds` is for each whole request; `max_bytes` for each answer's body. Private addresses are
    reached only where the platform's setting HOLDFAST_HTTP_ALLOW names their "host:port".
    """
    network = GuardedNetwork(resolver=resolver, allowed=_allowed_private())
    return _client(_Transport(network, timeout_seconds, max_bytes, verify))


def own_address_client(
    *,
    is_own_host: Callable[[str], bool],
    timeout_seconds: float = 5.0,
    max_bytes: int = DEFAULT_MAX_BYTES,
    address: str | None = None,
) -> GuardedClient:
    """Return the one client that may reach our own address: it sees the built-in room as a visitor does.

    A URL's host (lower case, no port) must pass `is_own_host`: hosts in Domain. The connection goes to
    `address` (by default HOLDFAST_SELF_ADDRESS, "host:port") in plain HTTP, with the URL's Host header; the
    URL's scheme is told to the web process in X-Forwarded-Proto.
    """
    network = OwnNetwork(address=address or settings.HOLDFAST_SELF_ADDRESS, is_own_host=is_own_host)
    return _client(_OwnTransport(network, timeout_seconds, max_bytes, None, keeps=False))


def _allowed_private() -> frozenset[str]:
    """Return HOLDFAST_HTTP_ALLOW as lower-case "host:port" entries."""
    return frozenset(str(entry).lower() for entry in settings.HOLDFAST_HTTP_ALLOW)


def _client(transport: httpx.BaseTransport) -> GuardedClient:
    client = GuardedClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # the transport keeps one deadline for the whole request
        headers={"User-Agent": "Holdfast/1", "Accept-Encoding": "identity"},
    )
    # a kept client serves several accounts: what one is told to remember is not told for another
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


class _Current(threading.local):
    """The deadline of the request that this thread works on (time.monotonic seconds)."""

    deadline = 0.0


class _Transport(httpx.BaseTransport):
    """httpx on httpcore over our own network backend, with one deadline and one size limit per request."""

    def __init__(
        self,
        network: GuardedNetwork | OwnNetwork,
        timeout_seconds: float,
        max_bytes: int,
        verify: ssl.SSLContext | None,
        *,
        keeps: bool = True,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._current = _Current()
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify or _tls(),
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_CONNECTIONS if keeps else 0,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=network.until(lambda: self._current.deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, on a kept connection where one is idle; raises only HttpError, here and while it is read."""
        allowed = request.extensions.get("holdfast_seconds", self._timeout_seconds)
        deadline = time.monotonic() + float(allowed)
        self._current.deadline = deadline
        with _named_failures():
            answer = self._pool.handle_request(self._for_httpcore(request, deadline))
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(self._current, deadline, answer, self._max_bytes),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def _for_httpcore(self, request: httpx.Request, deadline: float) -> httpcore.Request:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        return httpcore.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": {"pool": max(0.0, deadline - time.monotonic())}},
        )


class _OwnTransport(_Transport):
    """Our web process speaks plain HTTP behind whatever ends TLS: a header says the outer scheme."""

    def _for_httpcore(self, request: httpx.Request, deadline: float) -> httpcore.Request:
        request.headers["X-Forwarded-Proto"] = request.url.scheme
        inner = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http"),
            headers=request.headers,
            stream=request.stream,
        )
        inner.headers["Host"] = request.headers["Host"]
        return super()._for_httpcore(inner, deadline)


class _Body(httpx.SyncByteStream):
    """The answer's body, up to the limit and the deadline; closing it gives the connection back."""

    def __init__(self, current: _Current, deadline: float, answer: httpcore.Response, max_bytes: int) -> None:
        self._current = current
        self._deadline = deadline
        self._answer = answer
        self._max_bytes = max_bytes
        encoding = httpx.Headers(answer.headers).get("content-encoding", "identity")
        self._is_plain = encoding.lower() in ("identity", "")

    def __iter__(self) -> Iterator[bytes]:
        if not self._is_plain:  # a compressed bomb is small on the wire; none was asked for
            raise TooLarge("The answer is compressed, although that was not asked for.")
        seen = 0
        self._current.deadline = self._deadline
        stream = self._answer.stream
        assert isinstance(stream, Iterable)
        with _named_failures():
            for part in stream:
                seen += len(part)
                if seen > self._max_bytes:
                    raise TooLarge(f"The answer is larger than {self._max_bytes:,} bytes.")
                yield part

    def close(self) -> None:
        with _named_failures():
            self._answer.close()


@contextmanager
def _named_failures() -> Iterator[None]:
    """Turn what httpcore and our network backend raise into the closed set."""
    try:
        yield
    except RefusedAddress as error:
        raise ForbiddenAddress(str(error), may_have_acted=False) from error
    except NameUnknown as error:
        raise Unreachable(str(error), may_have_acted=False) from error
    except httpcore.UnsupportedProtocol as error:
        raise ForbiddenAddress(
            "Only http:// and https:// addresses can be reached.", may_have_acted=False
        ) from error
    except httpcore.TimeoutException as error:
        acted = not isinstance(error, httpcore.ConnectTimeout)
        raise TimedOut("It did not answer in time.", may_have_acted=acted) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        acted = not isinstance(error, httpcore.ConnectError)
        words = f"It could not be reached: {str(error) or type(error).__name__}."
        raise Unreachable(words, may_have_acted=acted) from error


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
