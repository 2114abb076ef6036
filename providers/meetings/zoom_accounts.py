"""A host's own Zoom account: connected by consent, used for that host's meetings before the business's app, revoked."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.api import Actor, record
from kernel.tenancy import current_schema
from providers.models.oauth import OAuthAccount
from providers.oauth.apps import app_credentials
from providers.oauth.session import ApiSession
from providers.oauth.token_endpoint import Tokens, exchange, revoke
from providers.oauth.tokens import AccessToken, access_token, refresh_token_of, seal_token
from providers.oauth.vendors import Vendor, vendor
from providers.protocols import ProviderError, Unauthorised

KIND = "zoom"


def zoom_accounts(host_ids: Sequence[int]) -> list[OAuthAccount]:
    """Return the Zoom accounts of these hosts, in the order of the hosts. One query."""
    found = OAuthAccount.objects.filter(vendor=KIND, host_id__in=host_ids)
    return sorted(found, key=lambda account: (list(host_ids).index(account.host_id), account.pk))


def connect_zoom_account(
    host_id: int, *, code: str, verifier: str, redirect_uri: str, now: datetime, actor: Actor
) -> OAuthAccount:
    """Redeem a code and keep the account, its tokens sealed; a host has one. Signed.

    What was granted but cannot be used is given back at once. Raises WrongSetting, GrantEnded, Unauthorised,
    Unreachable, RateLimited, Rejected; never in a transaction.
    """
    kind = vendor(KIND)
    app = app_credentials(kind)
    tokens = exchange(kind, app, code=code, verifier=verifier, redirect_uri=redirect_uri)
    try:
        subject = _whose(kind, tokens)
    except ProviderError:
        revoke(kind, tokens.access, app)
        raise
    with transaction.atomic():
        mine = OAuthAccount.objects.select_for_update().filter(vendor=KIND, host_id=host_id)
        mine.exclude(subject=subject).delete()
        before = mine.filter(subject=subject).first()
        account = before or OAuthAccount(host_id=host_id, vendor=KIND, subject=subject)
        account.version = before.version + 1 if before else 1
        account.client_id, account.scopes = app.client_id, sorted(tokens.scopes)
        account.sealed_refresh_token = seal_token(account, tokens.refresh, "refresh")
        account.sealed_access_token = seal_token(account, tokens.access, "access")
        account.access_expires_at, account.connected_at = now + tokens.lasts, now
        account.renewing_until, account.ended_at, account.ended_words = None, None, ""
        account.save()
        _sign("connect_zoom_account", host_id, actor)
    return account


def disconnect_zoom_account(host_id: int, *, actor: Actor) -> str:
    """Revoke the host's grant at Zoom and forget the account: "revoked" or "not revoked"; "" without one. Signed.

    Zoom revokes by access token (developers.zoom.us/docs/integrations/oauth, "Revoke an access token"). Never in
    a transaction.
    """
    account = OAuthAccount.objects.filter(vendor=KIND, host_id=host_id).first()
    if account is None:
        return ""
    ended = "revoked" if account.ended_at is not None or _revoked(account) else "not revoked"
    with transaction.atomic():
        OAuthAccount.objects.filter(pk=account.pk).delete()
        _sign("disconnect_zoom_account", host_id, actor, grant=ended)
    return ended


def try_zoom_account(account: OAuthAccount) -> None:
    """Ask Zoom whose account it is; raises ProviderError in words."""
    session = ApiSession(vendor(KIND), access_token(account))
    session.json("GET", "/users/me")


def _revoked(account: OAuthAccount) -> bool:
    kind = vendor(KIND)
    try:
        app = app_credentials(kind)
        token = access_token(account).current()
        return revoke(kind, token, app) or revoke(kind, refresh_token_of(account), app)
    except ProviderError:
        return False


def _whose(kind: Vendor, tokens: Tokens) -> str:
    """Return the account's mail address (GET /users/me); raises Unauthorised unless everything was allowed."""
    if not kind.needs <= tokens.scopes or not tokens.refresh:
        missing = ", ".join(sorted(kind.needs - tokens.scopes)) or "lasting access"
        raise Unauthorised(
            f"Zoom did not allow: {missing}. Add the scopes to the app at Zoom, and connect again."
        )
    passing = AccessToken(account_id=0, schema=current_schema(), version=1, value=tokens.access)
    return str(ApiSession(kind, passing).json("GET", "/users/me").get("email", "")).lower()[:254]


def _sign(action: str, host_id: int, actor: Actor, **facts: str) -> None:
    record(
        action,
        subject=f"host:{host_id}",
        actor=actor,
        payload={"host": host_id, **facts},
        reversible="none",
        because="What somebody allowed at Zoom can only be allowed again by them.",
    )
