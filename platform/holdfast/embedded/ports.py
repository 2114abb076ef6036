"""Loopback ports: a free one, and whether a wanted one is taken."""

import errno
import socket

from holdfast.embedded.refusal import StartRefused


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(host: str, port: int) -> None:
    """Raise `StartRefused` if this process could not listen on host:port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartRefused(
                    f"Port {port} is taken. Stop what listens there, or choose another with --port."
                ) from None
            raise StartRefused(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port."
            ) from None
