"""How `kernel.http` opens a connection: look the name up, check every address, connect to a checked one.

Two network backends for httpcore; both keep one deadline over lookup, connect, TLS, reads and writes.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from kernel.addresses import is_public_address

Resolver = Callable[[str, int], list[str]]
Deadline = Callable[[], float]


class RefusedAddress(Exception):
    """The name leads to an address that must not be reached."""


class NameUnknown(Exception):
    """The name has no address."""


def resolve(host: str, port: int) -> list[str]:
    """Return every address of a name, as the system's resolver reads it (127.1 and 0x7f000001 too)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedNetwork:
    """Connects to public addresses, and to the private "host:port" pairs in `allowed`."""

    def __init__(self, *, resolver: Resolver, allowed: frozenset[str]) -> None:
        self._resolver = resolver
        self._allowed = allowed

    def until(self, deadline: Deadline) -> httpcore.NetworkBackend:
        """Return a backend whose current request ends at `deadline()` (time.monotonic seconds)."""
        return _Backend(self._addresses, deadline)

    def _addresses(self, host: str, port: int, deadline: float) -> list[tuple[str, int]]:
        found = _looked_up(self._resolver, host, port, deadline)
        if f"{host.lower().rstrip('.')}:{port}" not in self._allowed:
            for address in found:
                if not is_public_address(address):
                    raise RefusedAddress(f"{host} is not a public address on the internet.")
        return [(address, port) for address in found]


class OwnNetwork:
    """Connects every host of ours, and no other, to the address of our own web process."""

    def __init__(self, *, address: str, is_own_host: Callable[[str], bool]) -> None:
        name, _, port = address.rpartition(":")
        self._address = (name.strip("[]"), int(port))
        self._is_own_host = is_own_host

    def until(self, deadline: Deadline) -> httpcore.NetworkBackend:
        """Return a backend whose current request ends at `deadline()` (time.monotonic seconds)."""
        return _Backend(self._addresses, deadline)

    def _addresses(self, host: str, _port: int, _deadline: float) -> list[tuple[str, int]]:
        if not self._is_own_host(host.lower().rstrip(".")):
            raise RefusedAddress(f"{host} is not a host name of ours.")
        return [self._address]


class _Backend(httpcore.NetworkBackend):
    """The way to the network: addresses were checked, and time runs out once for all of a request.

    A kept connection serves request after request, so the deadline is asked for at every step.
    """

    def __init__(
        self, addresses: Callable[[str, int, float], list[tuple[str, int]]], deadline: Deadline
    ) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature; the deadline rules
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address, to_port in self._addresses(host, port, self._deadline()):
            try:
                stream = self._sockets.connect_tcp(
                    address, to_port, timeout=_left(self._deadline()), socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self._deadline)
        raise failure

    def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - httpcore's signature
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.NetworkStream:
        """Never: a socket file is not on the network."""
        raise RefusedAddress("A socket file cannot be reached.")


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes share the deadline of the request that uses it now."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore's
        return self._stream.read(max_bytes, _left(self._deadline()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore's
        self._stream.write(buffer, _left(self._deadline()))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature; the deadline rules
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline())
        handle = self._stream.get_extra_info("socket")
        cut = threading.Timer(left, _cut, (handle,))  # a handshake fed byte by byte outlives any read timeout
        cut.start()
        try:
            secured = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            if time.monotonic() >= self._deadline():
                raise httpcore.ConnectTimeout("the secure connection took too long") from error
            raise
        finally:
            cut.cancel()
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _cut(handle: socket.socket) -> None:
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:  # it was closed meanwhile: nothing left to cut
        return


def _left(deadline: float) -> float:
    """Return the seconds until `deadline`; raises httpcore's timeout when none are left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this request is over")
    return left


def _looked_up(resolver: Resolver, host: str, port: int, deadline: float) -> list[str]:
    """Run the resolver, which knows no timeout, in a thread that is left behind when time is over."""
    answer: list[list[str]] = []
    failure: list[Exception] = []

    def ask() -> None:
        try:
            answer.append(resolver(host, port))
        except (OSError, UnicodeError, ValueError) as error:
            failure.append(error)

    thread = threading.Thread(target=ask, name=f"resolve {host[:60]}", daemon=True)
    thread.start()
    thread.join(_left(deadline))
    if answer and answer[0]:
        return answer[0]
    if thread.is_alive():
        raise httpcore.ConnectTimeout("the name was not looked up in time")
    raise NameUnknown(f"The name {host} could not be found.") from (failure[0] if failure else None)
