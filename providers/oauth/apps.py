"""With which client id a vendor is asked: the business's own, kept sealed, or the platform's from its environment."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db import transaction

from audit.api import Actor, record
from kernel import crypto
from providers.models.oauth import OAuthApp
from providers.oauth.vendors import Vendor
from providers.protocols import Rejected


@dataclass(frozen=True, kw_only=True)
class AppCredentials:
    """A client at a vendor. `directory` is Microsoft's tenant, "" at Google; `source` is where it was set."""

    client_id: str
    secret: str = field(repr=False)
    directory: str
    source: Literal["portal", "environment"]

    def place(self, url: str) -> str:
        """Return an address of the vendor with the directory filled in."""
        return url.replace("{directory}", self.directory)


class NoApp(Rejected):
    """Nobody has set a client id for this vendor, so it cannot be asked."""


def app_credentials(vendor: Vendor) -> AppCredentials:
    """Return the client to use in the current tenant; raises NoApp. One query.

    Raises Rejected where the business's own secret cannot be opened any more.
    """
    own = OAuthApp.objects.filter(vendor=vendor.kind).first()
    if own is not None:
        try:
            secret = crypto.open_sealed(
                bytes(own.sealed_secret), aad=client_place(vendor.kind, own.client_id)
            )
        except crypto.CannotOpen as error:
            raise Rejected(f"The client secret for {vendor.name} cannot be opened: set it again.") from error
        return AppCredentials(
            client_id=own.client_id, secret=secret.decode(), directory=own.directory, source="portal"
        )
    prefix = f"HOLDFAST_{vendor.kind.upper()}"
    client_id, secret_text = (
        getattr(settings, f"{prefix}_CLIENT_ID"),
        getattr(settings, f"{prefix}_CLIENT_SECRET"),
    )
    if not client_id or not secret_text:
        raise NoApp(f"No client id is set for {vendor.name}, so nobody can be sent there yet.")
    directory = settings.HOLDFAST_MICROSOFT_DIRECTORY if vendor.kind == "microsoft" else ""
    return AppCredentials(client_id=client_id, secret=secret_text, directory=directory, source="environment")


def set_oauth_app(
    vendor: Vendor, *, client_id: str, secret: str, directory: str, now: datetime, actor: Actor
) -> None:
    """Keep the business's own client id and secret, sealed; the secret replaces any other. Signed."""
    with transaction.atomic():
        OAuthApp.objects.update_or_create(
            vendor=vendor.kind,
            defaults={
                "client_id": client_id,
                "sealed_secret": crypto.seal(secret.encode(), aad=client_place(vendor.kind, client_id)),
                "directory": directory,
                "changed_at": now,
            },
        )
        _sign("set_oauth_client", vendor, actor)


def remove_oauth_app(vendor: Vendor, *, actor: Actor) -> bool:
    """Forget the business's own client; False when there was none. What was connected with it has to be again."""
    with transaction.atomic():
        deleted, _ = OAuthApp.objects.filter(vendor=vendor.kind).delete()
        if deleted:
            _sign("remove_oauth_client", vendor, actor)
    return bool(deleted)


def _sign(action: str, vendor: Vendor, actor: Actor) -> None:
    record(
        action,
        subject=f"oauth_client:{vendor.kind}",
        actor=actor,
        payload={"vendor": vendor.kind},
        reversible="partial",
        because="A client secret is not kept in the ledger: setting it anew asks for it.",
    )


def client_place(kind: str, client_id: str) -> str:
    """Return what a sealed client secret is bound to."""
    return f"oauth_app/{kind}/{client_id}/secret"
