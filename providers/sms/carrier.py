"""Who carries a business's texts: set after a test, switched off, both signed. The secret is sealed."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from audit.api import Actor, record
from kernel.crypto import open_sealed, seal
from providers.models.texts import TextCarrier
from providers.protocols import Rejected


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A carrier of texts. `kind` is "twilio" (`account`, `sender`) or "gateway" (`url`)."""

    kind: str
    secret: str = field(repr=False)
    account: str = ""
    sender: str = ""
    url: str = ""


def text_carrier() -> Carrier | None:
    """Return the current tenant's carrier, None where texts are off. One query. Raises kernel.crypto.CannotOpen."""
    row = TextCarrier.objects.filter(pk=1).first()
    if row is None:
        return None
    secret = open_sealed(bytes(row.sealed_secret), aad=carrier_place(row.kind)).decode()
    return Carrier(kind=row.kind, secret=secret, account=row.account, sender=row.sender, url=row.url)


def texts_are_on() -> bool:
    """Say whether clients are offered texts. One query."""
    return TextCarrier.objects.filter(pk=1).exists()


def checked_gateway(address: str, *, secret: str) -> Carrier:
    """Return a gateway at a typed address; raises Rejected. Private addresses are the guarded client's to refuse."""
    parts = urlsplit(address.strip())
    private = parts.netloc.lower() in {str(each).lower() for each in settings.HOLDFAST_HTTP_ALLOW}
    if not parts.hostname or parts.username or not (parts.scheme == "https" or private):
        raise Rejected("Write the gateway’s address: https://…")
    return Carrier(kind="gateway", url=address.strip(), secret=secret)


def use_carrier(carrier: Carrier, *, now: datetime, actor: Actor) -> None:
    """Switch texts on with this carrier, or change it. Signed."""
    with transaction.atomic():
        TextCarrier.objects.update_or_create(
            pk=1,
            defaults={
                "kind": carrier.kind,
                "account": carrier.account,
                "sender": carrier.sender,
                "url": carrier.url,
                "sealed_secret": seal(carrier.secret.encode(), aad=carrier_place(carrier.kind)),
                "changed_at": now,
            },
        )
        _sign("switch_texts_on", actor, carrier.kind)


def switch_texts_off(*, actor: Actor) -> bool:
    """Switch texts off and forget the secret; False when they were off. What waits is not sent any more. Signed."""
    with transaction.atomic():
        deleted, _ = TextCarrier.objects.filter(pk=1).delete()
        if deleted:
            _sign("switch_texts_off", actor, "")
    return bool(deleted)


def carrier_place(kind: str) -> str:
    """Return what the sealed secret of a carrier is bound to."""
    return f"providers_textcarrier/{kind}/secret"


def _sign(action: str, actor: Actor, kind: str) -> None:
    record(
        action,
        subject="texts",
        actor=actor,
        payload={"carrier": kind} if kind else {},
        reversible="partial",
        because="A secret is not kept in the ledger.",
    )
