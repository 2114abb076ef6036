"""Django's way to the installation's mail service, for mail that is sent at once: invitations, passwords, codes."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from providers.mail.servers import platform_server
from providers.mail.services.sending import send_by_service
from providers.protocols import ProviderError


class EmailBackend(BaseEmailBackend):
    """Sends by HOLDFAST_MAIL_SERVICE; raises OSError with our words, as SMTP's backend does without a server."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send each to each of its recipients, and return how many there were."""
        server = platform_server()
        for message in email_messages:
            content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # MIMEMixin's own
            for recipient in message.recipients():
                try:
                    send_by_service(server, sender=message.from_email, recipient=recipient, content=content)
                except ProviderError as error:
                    raise OSError(error.message) from error
        return len(email_messages)
