"""Who a business's mail is from, in which language, and by which server it leaves; each change is signed.

With the platform's server the mail is from the platform's address in the business's name, and answers go to
Reply-To: so SPF and DKIM of the sending domain hold (RFC 7489 3.1: they must align with the From domain). With
an own server From, envelope and organiser of invites are the address of that server, which signs for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.api import Actor, Json, record
from kernel.crypto import open_sealed, seal
from kernel.errors import HoldfastError
from providers.mail.addresses import BadAddress, check_mail_address
from providers.mail.characters import one_line
from providers.mail.servers import PORTS, SERVICES, MailServer, platform_server
from providers.models import MailSettings

MAIL_SEALED_AT = "providers_mailsettings/1/password"


class InvalidSender(HoldfastError):
    """The sender cannot be stored; `faults` names each wrong field with a sentence."""

    code = "invalid_request"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


@dataclass(frozen=True, kw_only=True)
class MailSender:
    """Who writes. `name` and `reply_to` are "" where the business chose none; `server` None: the platform's."""

    name: str
    reply_to: str
    language: str
    address: str
    own_server: MailServer | None

    @property
    def server(self) -> MailServer:
        """The server by which the mail leaves. Raises Misconfigured."""
        return self.own_server or platform_server()


def mail_sender() -> MailSender:
    """Return the current tenant's sender. One query. Raises kernel.crypto.CannotOpen."""
    return sender_of(MailSettings.objects.filter(pk=1).first() or MailSettings())


def sender_of(row: MailSettings) -> MailSender:
    """Return the sender that a row of settings makes. Raises kernel.crypto.CannotOpen."""
    own = None
    if row.host:
        own = MailServer(
            scheme=row.scheme,
            host=row.host,
            port=row.port,
            username=row.username,
            password=open_sealed(bytes(row.sealed_password), aad=MAIL_SEALED_AT).decode()
            if row.sealed_password
            else "",
            is_typed=row.scheme not in SERVICES,
        )
    return MailSender(
        name=row.sender_name,
        reply_to=row.reply_to,
        language=row.language,
        address=row.from_address or settings.HOLDFAST_MAIL_FROM,
        own_server=own,
    )


def change_mail_sender(*, language: str, name: str, reply_to: str, now: datetime, actor: Actor) -> bool:
    """Write language, From name and Reply-To with a signed entry; False when nothing differs.

    Raises InvalidSender. The entry says which fields changed, and the languages; names and addresses stay out.
    """
    wanted = {"language": language, "sender_name": one_line(name, limit=120), "reply_to": reply_to.strip()}
    if wanted["reply_to"]:
        try:
            wanted["reply_to"] = check_mail_address(wanted["reply_to"])
        except BadAddress as fault:
            raise InvalidSender({"reply_to": fault.message}) from fault
    return _write(wanted, "change_mail_sender", now=now, actor=actor, said=("language",))


def use_own_server(server: MailServer, *, from_address: str, now: datetime, actor: Actor) -> bool:
    """Let mail leave by the business's own server or mail service from now on; the password or key is sealed.

    Raises InvalidSender.
    """
    faults: dict[str, str] = {}
    try:
        from_address = check_mail_address(from_address.strip())
    except BadAddress as fault:
        faults["from_address"] = fault.message
    if server.service:
        if not server.password:
            faults["password"] = "Write the key."  # noqa: S105 - a sentence
    elif server.scheme not in PORTS:
        faults["scheme"] = "Choose how the connection is secured."
    if not server.host or any(letter.isspace() for letter in server.host):
        faults["host"] = "Write the server’s name, for example smtp.example.com."
    if not server.service and bool(server.username) != bool(server.password):
        faults["password"] = "A user name and a password belong together."  # noqa: S105 - a sentence
    if faults:
        raise InvalidSender(faults)
    wanted = {
        "from_address": from_address,
        "scheme": server.scheme,
        "host": server.host,
        "port": server.port,
        "username": server.username,
        "sealed_password": seal(server.password.encode(), aad=MAIL_SEALED_AT) if server.password else b"",
    }
    return _write(wanted, "use_own_mail_server", now=now, actor=actor, said=("host", "port", "scheme"))


def use_platform_server(*, now: datetime, actor: Actor) -> bool:
    """Let mail leave by the platform's server again and forget the own one's password; False when it does."""
    wanted = {"from_address": "", "scheme": "", "host": "", "port": 0, "username": "", "sealed_password": b""}
    return _write(wanted, "use_platform_mail_server", now=now, actor=actor, said=("host",))


def _write(
    wanted: Mapping[str, object], action: str, *, now: datetime, actor: Actor, said: tuple[str, ...]
) -> bool:
    """Write what differs and sign it: the names of all changed fields, before and after of those that are `said`."""
    with transaction.atomic():
        MailSettings.objects.get_or_create(pk=1, defaults={"changed_at": now})
        row = MailSettings.objects.select_for_update().get(pk=1)
        differs = [name for name, value in wanted.items() if _plain(getattr(row, name)) != value]
        if not differs:
            return False
        before: dict[str, Json] = {name: getattr(row, name) for name in differs if name in said}
        after: dict[str, Json] = {name: str(wanted[name]) for name in differs if name in said}
        MailSettings.objects.filter(pk=1).update(**wanted, changed_at=now)
        record(
            action,
            subject="mail_settings",
            actor=actor,
            payload={"fields": sorted(differs), "before": before, "after": after},
            reversible="full" if action == "change_mail_sender" else "partial",
            because="" if action == "change_mail_sender" else "A password is not kept in the ledger.",
        )
    return True


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
