"""Does mail leave? A handshake with the mail server (EHLO, sign-in, NOOP); nothing is sent."""

from booking.health.findings import Asked, Finding, Probe
from providers.api import ProviderError, greet_mail_server


def check(_asked: Asked) -> list[Finding]:
    """One conversation without a message."""
    try:
        greet_mail_server()
    except ProviderError as error:
        return [
            Finding(
                "bad", error.message, "Confirmations and invites wait; nobody gets a mail until it is back."
            )
        ]
    return [Finding("ok", "The mail server greets us and is ready.")]


PROBE = Probe("mail", "Mail can leave", check)
