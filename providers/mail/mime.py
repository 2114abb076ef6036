"""A message as bytes on the wire: text, HTML and the invite as alternatives, the invite attached once more.

RFC 6047 2.4: the alternative of type text/calendar with its method is what calendars act on; the attached
.ics is for those that only open files. Everything is 7-bit, so no server needs an extension to carry it.
"""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from providers.models import Message


class _Policy(EmailPolicy):
    """SMTP's policy, but a header's text begins on its first line: folded right after the name, as Python
    folds what fits on a line of its own, readers show a space before it. It may then pass the 78 characters
    that RFC 5322 2.1.1 recommends, never the 998 that it allows."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the header as bytes, folded."""
        return super().fold_binary(name, value).replace(f"{name}:\r\n ".encode(), f"{name}: ".encode(), 1)


_POLICY = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=78)


def mime_message(message: Message, *, sender_address: str) -> EmailMessage:
    """Return `message` ready for SMTP, sent by `sender_address` in the sender's name."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(message.sender_name, addr_spec=sender_address)
    mail["To"] = Address(message.to_name, addr_spec=message.to_address)
    if message.reply_to:
        mail["Reply-To"] = Address(addr_spec=message.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = _header_date(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    if message.ics:
        mail.add_alternative(
            message.ics, subtype="calendar", cte="base64", params={"method": message.ics_method}
        )
        mail.add_attachment(
            message.ics.encode(),
            maintype="application",
            subtype="ics",
            filename="cancelled.ics" if message.ics_method == "CANCEL" else "invite.ics",
        )
    return mail


def _header_date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC))
