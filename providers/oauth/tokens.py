"""Access tokens: opened, and renewed by one worker at a time.

A renewal leaves the building, so it holds no transaction: its claim is a lease in the row (`renewing_until`), and
what it brings is written only over the version that it renewed. Others wait for it and use what it brought.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from kernel import crypto
from kernel.clock import now as clock_now
from kernel.tenancy import current_schema, entered
from providers.models.oauth import OAuthAccount
from providers.oauth.apps import app_credentials
from providers.oauth.token_endpoint import GrantEnded, NetworkInsideTransaction, Tokens, refresh
from providers.oauth.vendors import vendor
from providers.protocols import Unauthorised, Unreachable

MARGIN = timedelta(seconds=90)
_LEASE = timedelta(seconds=20)
_PATIENCE_SECONDS = 12.0
_PAUSE_SECONDS = 0.05


@dataclass
class AccessToken:
    """The access token of an account, for one client object; renewed where it is needed, in whatever thread.

    A thread that renews opens a database connection of its own, and closes it again.
    """

    account_id: int
    schema: str
    version: int
    value: str = field(repr=False)
    is_good: bool = True

    def current(self) -> str:
        """Return a token that is good for a minute at least. Raises Unauthorised, Unreachable, RateLimited."""
        if not self.is_good:
            self._renew(beyond=None)
        return self.value

    def another(self) -> str:
        """Return a token that is newer than the one that was just refused."""
        self._renew(beyond=self.version)
        return self.value

    def _renew(self, *, beyond: int | None) -> None:
        was_open = connection.connection is not None
        try:
            with entered(self.schema):
                found = fresh_token(self.account_id, beyond=beyond)
        finally:
            if not was_open:
                connection.let_go()  # type: ignore[attr-defined]  # our backend's
        self.version, self.value, self.is_good = found.version, found.value, True


def access_token(account: OAuthAccount) -> AccessToken:
    """Return the account's token in plain, for use in any thread; raises Unauthorised where it was ended."""
    if account.ended_at is not None:
        raise Unauthorised(account.ended_words)
    return AccessToken(
        account_id=account.pk,
        schema=current_schema(),
        version=account.version,
        value=_opened(account, bytes(account.sealed_access_token), "access"),
        is_good=_is_fresh(account),
    )


def fresh_token(account_id: int, *, beyond: int | None = None, ahead: timedelta = MARGIN) -> AccessToken:
    """Return a token that is good for `ahead` and of a later version than `beyond`, renewed at the vendor if need be.

    Of all who ask at once, in any process, one asks the vendor. Never inside a transaction.
    """
    if connection.in_atomic_block:
        raise NetworkInsideTransaction("a token is renewed inside a database transaction")
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        account = OAuthAccount.objects.filter(pk=account_id).first()
        if account is None:
            raise Unauthorised("This account was disconnected.")
        if _is_fresh(account, ahead) and (beyond is None or account.version > beyond):
            return access_token(account)
        if account.ended_at is not None:
            raise Unauthorised(account.ended_words)
        if _claim(account):
            _renew(account)
        else:
            time.sleep(_PAUSE_SECONDS)
    raise Unreachable("Another worker is still renewing this connection.")


def expiring_accounts(*, within: timedelta) -> list[int]:
    """Return the accounts whose access token ends within that time, for the clock to renew. One query."""
    rows = OAuthAccount.objects.filter(ended_at=None, access_expires_at__lt=Now() + within)
    return list(rows.order_by("access_expires_at").values_list("pk", flat=True))


def refresh_token_of(account: OAuthAccount) -> str:
    """Return the refresh token in plain; raises Unauthorised where it cannot be opened."""
    return _opened(account, bytes(account.sealed_refresh_token), "refresh")


def seal_token(account: OAuthAccount, token: str, kind: str) -> bytes:
    """Seal a token of this account; it opens for no other account, vendor, host or kind."""
    return crypto.seal(token.encode(), aad=token_place(account, kind))


def _is_fresh(account: OAuthAccount, ahead: timedelta = MARGIN) -> bool:
    return account.access_expires_at > clock_now() + ahead


def _claim(account: OAuthAccount) -> bool:
    """Take the renewal of this version; False while somebody else has it, or when it was done meanwhile."""
    rows = OAuthAccount.objects.filter(pk=account.pk, version=account.version)
    free = Q(renewing_until=None) | Q(renewing_until__lt=Now())
    return rows.filter(free).update(renewing_until=Now() + _LEASE) == 1


def _renew(account: OAuthAccount) -> None:
    """Ask the vendor, keep what it says, and let go of the claim whatever happens."""
    kind = vendor(account.vendor)
    mine = OAuthAccount.objects.filter(pk=account.pk, version=account.version)
    try:
        app = app_credentials(kind)
        if app.client_id != account.client_id:
            words = f"The client id for {kind.name} was changed: connect this account again."
            mine.update(ended_at=Now(), ended_words=words)
            raise Unauthorised(words)
        try:
            found = refresh(kind, app, token=refresh_token_of(account))
        except GrantEnded as error:
            mine.update(ended_at=Now(), ended_words=error.message)
            raise
        _keep(account, found)
    finally:
        mine.update(renewing_until=None)


def _keep(account: OAuthAccount, found: Tokens) -> None:
    """Write the new tokens over the version that was renewed; a later version stays."""
    values = {
        "sealed_access_token": seal_token(account, found.access, "access"),
        "access_expires_at": clock_now() + found.lasts,
        "version": F("version") + 1,
        "renewing_until": None,
    }
    if found.refresh:
        values["sealed_refresh_token"] = seal_token(account, found.refresh, "refresh")
    OAuthAccount.objects.filter(pk=account.pk, version=account.version).update(**values)


def _opened(account: OAuthAccount, blob: bytes, kind: str) -> str:
    try:
        return crypto.open_sealed(blob, aad=token_place(account, kind)).decode()
    except crypto.CannotOpen as error:
        raise Unauthorised("The account's tokens cannot be opened: connect it again.") from error


def token_place(account: OAuthAccount, kind: str) -> str:
    """Return what a sealed token is bound to; `kind` is "access" or "refresh"."""
    return f"oauth_account/{account.vendor}/{account.host_id}/{account.subject}/{kind}"
