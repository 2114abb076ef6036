"""Connecting a host's account at Google or Microsoft, from the code that its owner's consent gave, and ending it."""

from datetime import datetime

from django.db import transaction

from audit.api import Actor
from kernel.tenancy import current_schema
from providers.calendars.connections import keep_calendars, sign_connection
from providers.calendars.discovery import FoundAccount
from providers.calendars.vendor_calendars import find_calendars
from providers.calendars.zones import known_zone
from providers.models.calendars import CalendarConnection
from providers.models.following import CalendarChannel
from providers.models.oauth import OAuthAccount
from providers.oauth.apps import AppCredentials, app_credentials
from providers.oauth.token_endpoint import Tokens, exchange, revoke
from providers.oauth.tokens import AccessToken, refresh_token_of, seal_token
from providers.oauth.vendors import Vendor
from providers.protocols import ProviderError, Unauthorised
from tenants.api import current_tenant


def connect_account(
    host_id: int,
    *,
    kind: Vendor,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: datetime,
    time_zone: str,
    actor: Actor,
) -> CalendarConnection:
    """Redeem a code, find the account's calendars and keep it, its tokens sealed. Signed.

    Calendars are chosen as by `connect_caldav`; connecting the same account again renews its tokens and keeps
    what was chosen. What was granted but cannot be used is given back at once.
    Raises WrongSetting, GrantEnded, Unauthorised, Unreachable, RateLimited, Rejected; never in a transaction.
    """
    app = app_credentials(kind)
    tokens = exchange(kind, app, code=code, verifier=verifier, redirect_uri=redirect_uri)
    try:
        _check_granted(kind, tokens)
        found = find_calendars(kind, _passing(tokens))
    except ProviderError:
        revoke(kind, tokens.refresh or tokens.access)
        raise
    zone = known_zone(time_zone) or current_tenant().time_zone
    with transaction.atomic():
        account = _keep_account(host_id, kind, app, tokens, found, now)
        kept, is_new = CalendarConnection.objects.update_or_create(
            host_id=host_id,
            url=kind.home_url,
            username=account.subject,
            defaults={
                "kind": kind.kind,
                "account": account,
                "sealed_password": b"",
                "time_zone": zone,
                "addresses": list(found.addresses),
                "status": CalendarConnection.Status.WORKING,
                "connected_at": now,
                "last_good_at": now,
                "last_error": "",
            },
        )
        keep_calendars(kept, found)
        _follow_anew(kept)
        action = "connect_calendar" if is_new else "renew_calendar"
        sign_connection(action, kept, actor, calendars=len(found.calendars), vendor=kind.kind)
    return kept


def end_grant(account: OAuthAccount, kind: Vendor) -> str:
    """Revoke the account's grant at the vendor and say what came of it: "revoked", "kept" or "not revoked".

    It is kept where another host of this business uses the same account through the same client: Google ends
    all tokens of a client's user at once. Never in a transaction.
    """
    others = OAuthAccount.objects.filter(
        vendor=account.vendor, subject=account.subject, client_id=account.client_id
    )
    if others.exclude(pk=account.pk).exists():
        return "kept"
    if account.ended_at is not None:
        return "revoked"
    try:
        token = refresh_token_of(account)
    except Unauthorised:
        return "not revoked"
    return "revoked" if revoke(kind, token) else "not revoked"


def _check_granted(kind: Vendor, tokens: Tokens) -> None:
    """Raise Unauthorised unless everything that is needed was ticked, and a refresh token came.

    Google lets people grant a part (identity/protocols/oauth2/resources/granular-permissions).
    """
    if not kind.needs <= tokens.scopes:
        raise Unauthorised(
            f"Not everything was allowed at {kind.name}: connect again and leave every box ticked."
        )
    if not tokens.refresh:
        raise Unauthorised(
            f"{kind.name} gave no lasting access: remove Holdfast from the account, and connect again."
        )


def _keep_account(
    host_id: int,
    kind: Vendor,
    app: AppCredentials,
    tokens: Tokens,
    found: FoundAccount,
    now: datetime,
) -> OAuthAccount:
    """Write the account with its sealed tokens; of one that was there, the version goes up."""
    subject = (found.addresses[0] if found.addresses else found.calendars[0].url)[:254]
    mine = OAuthAccount.objects.filter(host_id=host_id, vendor=kind.kind, subject=subject)
    before = mine.select_for_update().first()
    account = before or OAuthAccount(host_id=host_id, vendor=kind.kind, subject=subject)
    account.version = before.version + 1 if before else 1
    account.client_id, account.directory = app.client_id, app.directory
    account.scopes = sorted(tokens.scopes)
    account.sealed_refresh_token = seal_token(account, tokens.refresh, "refresh")
    account.sealed_access_token = seal_token(account, tokens.access, "access")
    account.access_expires_at = now + tokens.lasts
    account.connected_at, account.ended_at, account.ended_words = now, None, ""
    account.renewing_until = None
    account.save()
    return account


def _follow_anew(kept: CalendarConnection) -> None:
    """Forget tokens and channels of a former grant: they ended with it. The clock's next ticks sync and open anew."""
    kept.calendars.update(sync_token="", synced_at=None, resynced_at=None)
    CalendarChannel.objects.filter(calendar__connection=kept).delete()


def _passing(tokens: Tokens) -> AccessToken:
    """Return the token of an account that is not kept yet: it cannot be renewed."""
    return AccessToken(account_id=0, schema=current_schema(), version=1, value=tokens.access)
