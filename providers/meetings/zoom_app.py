"""The business's own Zoom app (server-to-server OAuth): set after a test that passed, removed, both signed; its tokens.

developers.zoom.us/docs/internal-apps/s2s-oauth: the account id with the client's id and secret gives the account
owner's token for an hour; there is no refresh token, and several may be good at once. So a process keeps one in memory.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from audit.api import Actor, record
from kernel.crypto import open_sealed, seal
from kernel.tenancy import current_schema
from providers.models.zoom import ZoomApp
from providers.oauth.apps import AppCredentials
from providers.oauth.session import ApiSession
from providers.oauth.token_endpoint import WrongSetting, own_token
from providers.oauth.vendors import vendor
from providers.protocols import Rejected

ZOOM_SCOPES = frozenset(
    {
        "user:read:user:admin",
        "meeting:write:meeting:admin",
        "meeting:read:meeting:admin",
        "meeting:read:list_meetings:admin",
        "meeting:update:meeting:admin",
        "meeting:delete:meeting:admin",
    }
)
_MARGIN_SECONDS = 120
_OWNER = "me"


@dataclass(frozen=True, kw_only=True)
class ZoomOrganisation:
    """The app of a business's Zoom account. `user` hosts the meetings of whom the account does not know."""

    account_id: str
    client_id: str
    secret: str = field(repr=False)
    user: str = _OWNER

    @property
    def client(self) -> AppCredentials:
        """The client as the token endpoint takes it."""
        return AppCredentials(client_id=self.client_id, secret=self.secret, directory="", source="portal")


def zoom_organisation() -> ZoomOrganisation | None:
    """Return the current tenant's app, None without one. One query. Raises kernel.crypto.CannotOpen."""
    row = ZoomApp.objects.filter(pk=1).first()
    if row is None:
        return None
    secret = open_sealed(bytes(row.sealed_secret), aad=zoom_place(row.client_id)).decode()
    return ZoomOrganisation(account_id=row.account_id, client_id=row.client_id, secret=secret, user=row.user)


def use_zoom(app: ZoomOrganisation, *, now: datetime, actor: Actor) -> None:
    """Make Zoom meetings by this app from now on; what was made before is still its."""
    with transaction.atomic():
        ZoomApp.objects.update_or_create(
            pk=1,
            defaults={
                "account_id": app.account_id,
                "client_id": app.client_id,
                "sealed_secret": seal(app.secret.encode(), aad=zoom_place(app.client_id)),
                "user": app.user,
                "changed_at": now,
            },
        )
        _sign("connect_zoom_organisation", actor)


def forget_zoom(*, actor: Actor) -> bool:
    """Forget the app and its secret; False when there was none. Its tokens end by themselves within the hour."""
    with transaction.atomic():
        deleted, _ = ZoomApp.objects.filter(pk=1).delete()
        if deleted:
            _sign("disconnect_zoom_organisation", actor)
    return bool(deleted)


def try_zoom(app: ZoomOrganisation) -> None:
    """Test an app: its token, its scopes, and the user who shall host. Never inside a transaction.

    Raises WrongSetting (client_secret, account_id, scopes, user), and what sessions raise.
    """
    try:
        granted = own_token(vendor("zoom"), app.client, account=app.account_id).scopes
    except WrongSetting:
        raise
    except Rejected as error:  # "Bad Request" is all that Zoom says of an account id that is not the app's
        words = (
            f"Zoom does not know this account id for this app, or the app is not activated. {error.message}"
        )
        raise WrongSetting(words, setting="account_id") from error
    missing = sorted(ZOOM_SCOPES - granted)
    if missing:
        words = f"The app lacks scopes: {', '.join(missing)}. Add them under Scopes in Zoom’s Marketplace."
        raise WrongSetting(words, setting="scopes")
    answer = organisation_session(app).request("GET", f"/users/{app.user}")
    if answer.status_code == 404:
        words = "Nobody in this Zoom account has this address. Write the address of a licensed user."
        raise WrongSetting(words, setting="user")
    if not answer.is_success:
        raise Rejected(f"Zoom refused to show the user (HTTP {answer.status_code}).")


def organisation_session(app: ZoomOrganisation, *, timeout_seconds: float = 8.0) -> ApiSession:
    """Return a session in the name of the account's owner."""
    return ApiSession(vendor("zoom"), OwnToken(app, current_schema()), timeout_seconds=timeout_seconds)


class OwnToken:
    """The app's token, kept by the process until two minutes before its end."""

    def __init__(self, app: ZoomOrganisation, schema: str) -> None:
        self.app, self.schema = app, schema
        self.account_id = f"organisation {app.account_id}"

    def current(self) -> str:
        """Return a token that is good for two minutes at least. Raises WrongSetting, Unreachable, RateLimited."""
        with _lock:
            value, ends_at = _kept.get(self._key, ("", 0.0))
        return value if ends_at > time.monotonic() else self.another()

    def another(self) -> str:
        """Return a new token: the last one was refused, or is over."""
        tokens = own_token(vendor("zoom"), self.app.client, account=self.app.account_id)
        ends_at = time.monotonic() + tokens.lasts.total_seconds() - _MARGIN_SECONDS
        with _lock:
            if len(_kept) > _MOST_KEPT:
                _kept.clear()
            _kept[self._key] = (tokens.access, ends_at)
        return tokens.access

    @property
    def _key(self) -> tuple[str, str, str, str]:
        return (self.schema, self.app.account_id, self.app.client_id, self.app.secret)


_MOST_KEPT = 500
_kept: dict[tuple[str, str, str, str], tuple[str, float]] = {}
_lock = threading.Lock()


def zoom_place(client_id: str) -> str:
    """Return what the sealed secret of a Zoom app is bound to."""
    return f"providers_zoomapp/{client_id}/secret"


def _sign(action: str, actor: Actor) -> None:
    record(
        action,
        subject="zoom",
        actor=actor,
        payload={},
        reversible="partial",
        because="A client secret is not kept in the ledger: setting it anew asks for it.",
    )
