"""Which Jitsi server a business has: set after a test that passed, removed, both signed. The secret is sealed."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from audit.api import Actor, record
from kernel.crypto import open_sealed, seal
from providers.models import JitsiServer
from providers.protocols import Rejected

JITSI_SEALED_AT = "providers_jitsiserver/1/secret"


@dataclass(frozen=True, kw_only=True)
class Jitsi:
    """A server and its application; `app_id` "" where it asks for no token."""

    base_url: str
    app_id: str = ""
    secret: str = ""

    @property
    def host(self) -> str:
        """The server's name, without a port."""
        return urlsplit(self.base_url).hostname or ""


def jitsi_server() -> Jitsi | None:
    """Return the current tenant's server, None without one. One query. Raises kernel.crypto.CannotOpen."""
    row = JitsiServer.objects.filter(pk=1).first()
    if row is None:
        return None
    secret = open_sealed(bytes(row.sealed_secret), aad=JITSI_SEALED_AT).decode() if row.app_id else ""
    return Jitsi(base_url=row.base_url, app_id=row.app_id, secret=secret)


def checked_jitsi(address: str, *, app_id: str, secret: str) -> Jitsi:
    """Return what was typed as a server; raises Rejected with `setting` (base_url, app_id, secret)."""
    parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
    private = parts.netloc.lower() in {str(each).lower() for each in settings.HOLDFAST_HTTP_ALLOW}
    if not parts.hostname or parts.username or parts.query or not (parts.scheme == "https" or private):
        raise Rejected("Write the server’s address: https://meet.example.com.", setting="base_url")
    if bool(app_id) != bool(secret):
        missing = "secret" if app_id else "app_id"
        raise Rejected("An application id and its secret belong together.", setting=missing)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if len(base) > 120 or len(app_id) > 60:
        raise Rejected("This is too long for a link that fits everywhere.", setting="base_url")
    return Jitsi(base_url=base, app_id=app_id, secret=secret)


def use_jitsi(server: Jitsi, *, now: datetime, actor: Actor) -> None:
    """Let meetings of kind Jitsi be at this server from now on; those that have a link keep it."""
    sealed = seal(server.secret.encode(), aad=JITSI_SEALED_AT) if server.app_id else b""
    with transaction.atomic():
        JitsiServer.objects.update_or_create(
            pk=1,
            defaults={
                "base_url": server.base_url,
                "app_id": server.app_id,
                "sealed_secret": sealed,
                "changed_at": now,
            },
        )
        _sign("connect_jitsi", actor, server.host)


def forget_jitsi(*, actor: Actor) -> bool:
    """Forget the server and its secret; False when there was none. Links that were sent go on working."""
    with transaction.atomic():
        row = JitsiServer.objects.select_for_update().filter(pk=1).first()
        if row is None:
            return False
        row.delete()
        _sign("disconnect_jitsi", actor, urlsplit(row.base_url).hostname or "")
    return True


def _sign(action: str, actor: Actor, host: str) -> None:
    record(
        action,
        subject="jitsi",
        actor=actor,
        payload={"server": host},
        reversible="partial",
        because="A secret is not kept in the ledger.",
    )
