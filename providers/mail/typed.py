"""Connections to mail servers that a business typed: to a checked address only, as `kernel.http` does."""

import smtplib
import socket

from django.conf import settings

from kernel.addresses import is_public_address
from kernel.connecting import resolve
from providers.protocols import Rejected

MAIL_PORTS = (25, 465, 587, 2525)


class TypedSMTP(smtplib.SMTP):
    """Connects to the address that was checked: public, or allowed by the platform."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        failure: OSError = OSError("the name has no address")
        for address in _checked_addresses(host, port):
            try:
                return socket.create_connection((address, port), timeout)
            except OSError as error:
                failure = error
        raise failure


class TypedSMTPOverTls(smtplib.SMTP_SSL, TypedSMTP):
    """The same with TLS at once: SMTP_SSL wraps the socket that TypedSMTP opens."""


def _checked_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a typed server; raises Rejected for a private one or a port that mail has not."""
    allowed = f"{host.lower().rstrip('.')}:{port}" in {
        str(each).lower() for each in settings.HOLDFAST_HTTP_ALLOW
    }
    if not allowed and port not in MAIL_PORTS:
        raise Rejected("Mail leaves by port 25, 465, 587 or 2525.", setting="port")
    found = resolve(host, port)
    if not allowed and not all(map(is_public_address, found)):
        raise Rejected(f"{host} is not a public address on the internet.", setting="host")
    return found
