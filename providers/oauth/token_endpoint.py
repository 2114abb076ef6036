"""A vendor's token endpoint: codes and refresh tokens in, tokens out; failures named by the setting that is wrong.

Nothing of a request or an answer is put into words but the vendor's own error codes: both carry secrets.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from kernel import http
from kernel.breaker import BREAKER, Resting
from kernel.calling import Caller, retry_after_seconds
from providers.oauth.apps import AppCredentials
from providers.oauth.vendors import Vendor
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable

TIMEOUT_SECONDS = 8.0
_AADSTS = {
    700016: "client_id",
    700038: "client_id",
    7000215: "client_secret",
    7000222: "client_secret",
    90002: "directory",
    90023: "directory",
    50194: "directory",
    50011: "redirect",
    65001: "consent",
}
"""learn.microsoft.com/entra/identity-platform/reference-error-codes"""
_MALFORMED_CODE = 9002313


class NetworkInsideTransaction(RuntimeError):
    """A programming error: a vendor was asked while a database transaction was open."""


class WrongSetting(Rejected):
    """The vendor refuses our client. `setting`: client_id, client_secret, directory, redirect, consent, api."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


class GrantEnded(Unauthorised):
    """The code or the refresh token is not good any more: its owner has to connect again."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What was granted. `refresh` is "" where the one that we hold stays good; `lasts` is the access token's life."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    lasts: timedelta
    scopes: frozenset[str]


def exchange(vendor: Vendor, app: AppCredentials, *, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Redeem an authorization code (RFC 6749, 4.1.3; RFC 7636, 4.5). A code is good once, so it is sent once."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    return _ask(vendor, app, form, is_repeatable=False)


def refresh(vendor: Vendor, app: AppCredentials, *, token: str) -> Tokens:
    """Get a new access token (RFC 6749, 6), and a new refresh token where the vendor rotates it.

    Sent again after silence, unless using it ends it: Google's stays the same, Microsoft says so in
    learn.microsoft.com/entra/identity-platform/refresh-tokens.
    """
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return _ask(vendor, app, form, is_repeatable=not vendor.rotates)


def own_token(vendor: Vendor, app: AppCredentials, *, account: str) -> Tokens:
    """Get a token of the account that owns the client: developers.zoom.us/docs/internal-apps/s2s-oauth."""
    form = {"grant_type": "account_credentials", "account_id": account}
    return _ask(vendor, app, form, is_repeatable=True)


def try_client(vendor: Vendor, app: AppCredentials, *, redirect_uri: str) -> None:
    """Ask with a code that cannot be good: a client that is right hears invalid_grant.

    Microsoft may look at the code before the secret, so there the client signs in alone too, for a token that nothing
    is done with (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow). Where that is not
    allowed, what the first question said stands. Raises WrongSetting, ProviderError.
    """
    try:
        exchange(vendor, app, code="not-a-code", verifier="x" * 43, redirect_uri=redirect_uri)
    except GrantEnded:
        if vendor.lets_in_alone:
            _sign_in_alone(vendor, app)


def _sign_in_alone(vendor: Vendor, app: AppCredentials) -> None:
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    try:
        _ask(vendor, app, form, is_repeatable=True)
    except WrongSetting:
        raise
    except (Rejected, GrantEnded):
        return


def revoke(vendor: Vendor, token: str, app: AppCredentials | None = None) -> bool:
    """End a grant at the vendor (developers.google.com/identity/protocols/oauth2/web-server, "Revoking a token").

    `app` where the vendor wants its client signed in (developers.zoom.us/docs/integrations/oauth, "Revoke").

    True when it is gone there now; False where the vendor has no such endpoint or did not do it.
    """
    if not vendor.revoke_url:
        return False
    try:
        answer = _caller(vendor).send(
            "POST",
            vendor.revoke_url,
            form={"token": token},
            headers=_basic(app) if app and vendor.signs_in_by_header else None,
            is_repeatable=True,
        )
    except http.HttpError:
        return False
    return answer.status_code == 200 or _said(answer).get("error") == "invalid_token"


def _ask(vendor: Vendor, app: AppCredentials, form: dict[str, str], *, is_repeatable: bool) -> Tokens:
    if connection.in_atomic_block:
        raise NetworkInsideTransaction(f"{vendor.name}'s token endpoint inside a database transaction")
    headers = _basic(app) if vendor.signs_in_by_header else None
    if headers is None:
        form = {**form, "client_id": app.client_id, "client_secret": app.secret}
    try:
        answer = _caller(vendor).send(
            "POST", app.place(vendor.token_url), form=form, headers=headers, is_repeatable=is_repeatable
        )
    except Resting as error:
        raise RateLimited(f"{vendor.name}: {error.message}", retry_after=error.retry_after) from None
    except http.HttpError as error:
        raise Unreachable(f"{vendor.name} cannot be reached: {error.message}") from None
    if answer.status_code == 429:
        raise RateLimited(
            f"{vendor.name} asks us to come back later.", retry_after=retry_after_seconds(answer)
        )
    if answer.status_code >= 500:
        raise Unreachable(f"{vendor.name} has a fault of its own (HTTP {answer.status_code}).")
    said = _said(answer)
    if answer.status_code != 200:
        raise _refusal(vendor, said)
    return _tokens(vendor, said)


def _basic(app: AppCredentials) -> dict[str, str]:
    pair = f"{app.client_id}:{app.secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _tokens(vendor: Vendor, said: dict[str, Any]) -> Tokens:
    try:
        access, seconds = str(said["access_token"]), int(said.get("expires_in", 3600))
    except (KeyError, ValueError, TypeError):
        raise Unreachable(f"{vendor.name}'s answer makes no sense.") from None
    return Tokens(
        access=access,
        refresh=str(said.get("refresh_token") or ""),
        lasts=timedelta(seconds=max(0, seconds)),
        scopes=frozenset(_short(str(said.get("scope", "")).split())),
    )


def _short(scopes: Iterable[str]) -> Iterable[str]:
    """Microsoft names its own scopes with or without the resource's address: keep the name alone."""
    return (each.removeprefix("https://graph.microsoft.com/") for each in scopes)


def _refusal(vendor: Vendor, said: dict[str, Any]) -> Exception:
    """Return what an error answer means (RFC 6749, 5.2), by the vendor's own numbers where it has them."""
    error, words = str(said.get("error", "")), str(said.get("error_description", ""))
    numbers = [int(each) for each in said.get("error_codes") or () if str(each).isdigit()]
    numbers += [int(each) for each in re.findall(r"AADSTS(\d{4,8})", words)]
    setting = next((_AADSTS[number] for number in numbers if number in _AADSTS), "")
    if setting:
        return WrongSetting(SETTING_WORDS[setting].format(name=vendor.name), setting=setting)
    if error == "redirect_uri_mismatch":
        return WrongSetting(SETTING_WORDS["redirect"].format(name=vendor.name), setting="redirect")
    if error in ("invalid_client", "deleted_client") or (error == "unauthorized_client" and not numbers):
        is_id = "not found" in words.lower() or error == "deleted_client"
        setting = "client_id" if is_id else "client_secret"
        return WrongSetting(SETTING_WORDS[setting].format(name=vendor.name), setting=setting)
    if error in ("invalid_grant", "interaction_required") or _MALFORMED_CODE in numbers:
        return GrantEnded(
            f"{vendor.name} does not accept this connection any more: connect the account again."
        )
    named = error if re.fullmatch(r"[a-z_]{1,40}", error) else "no reason given"
    return Rejected(f"{vendor.name} refused ({named}).")


SETTING_WORDS = {
    "client_id": "{name} does not know this client id. Copy it again from the app’s registration.",
    "client_secret": "{name} does not take this client secret: it is wrong, or has expired. Make a new one there.",
    "directory": "Microsoft does not know this directory. Use “common”, or the directory (tenant) id of the app.",
    "redirect": "{name} does not allow our return address. Add it to the app’s registration, letter by letter.",
    "consent": "The app was not consented to at {name}. An administrator of the directory may have to allow it.",
    "api": "The calendar interface is not switched on for this app at {name}: enable the Google Calendar API there.",
}


def _said(answer: Any) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _caller(vendor: Vendor) -> Caller:
    return Caller(provider=f"{vendor.kind}-sign-in", breaker=BREAKER, timeout_seconds=TIMEOUT_SECONDS)
