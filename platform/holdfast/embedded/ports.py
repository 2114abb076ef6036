"""Loopback ports: a free one, one that stays the same between starts, and whether a wanted one is taken."""

import errno
import json
import random
import socket
from pathlib import Path

from holdfast.embedded.refusal import StartRefused

_BELOW_THE_EPHEMERAL_ONES = range(20_000, 32_000)  # Linux hands out 32768-60999 to outgoing connections


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now, outside the kernel's ephemeral range."""
    for port in random.sample(_BELOW_THE_EPHEMERAL_ONES, 200):
        if _is_free(port):
            return port
    raise StartRefused("No free loopback port between 20000 and 32000: stop some services.")


def kept_port(data: Path, name: str) -> int:
    """Return the port that service `name` had before, if free, else a new one (`<data>/ports.json`)."""
    file = data / "ports.json"
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    port = known.get(name)
    if port is None or not _is_free(port):
        port = free_port()
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({**known, name: port}))
        fresh.replace(file)
    return port


def check_port(host: str, port: int) -> None:
    """Raise `StartRefused` if this process could not listen on host:port now."""
    fault = _fault(host, port)
    if fault is None:
        return
    if fault.errno == errno.EADDRINUSE:
        raise StartRefused(f"Port {port} is taken: stop what listens there, or choose another with --port.")
    raise StartRefused(f"Cannot listen on {host}:{port}: {fault.strerror}. Choose another with --port.")


def is_listening(port: int) -> bool:
    """Return True if something accepts connections on 127.0.0.1:port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    return _fault("127.0.0.1", port) is None


def _fault(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error
    return None
