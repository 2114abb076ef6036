"""Why a calendar account cannot be used, named by the setting that is wrong; never raises ProviderError."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from kernel.connecting import NameUnknown
from kernel.http import ForbiddenAddress, TimedOut
from providers.calendars.busy_index import busy_times
from providers.calendars.connections import opened_account, opened_address
from providers.calendars.dav_session import DavAccount
from providers.calendars.discovery import FoundAccount, discover
from providers.calendars.feed import fetch
from providers.calendars.vendor_calendars import find_calendars
from providers.models.calendars import CalendarConnection
from providers.oauth.token_endpoint import WrongSetting
from providers.oauth.tokens import access_token
from providers.oauth.vendors import vendor
from providers.protocols import ProviderError, RateLimited, Rejected, Unauthorised, Unreachable

Setting = Literal[
    "",
    "address",
    "name",
    "private",
    "security",
    "server",
    "sign_in",
    "caldav",
    "calendars",
    "client",
    "later",
]
_AHEAD = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """`setting` is what is wrong, "" when nothing is; `words` says it, and what to do, to a person."""

    setting: Setting
    words: str
    found: FoundAccount | None = None


def diagnose(account: DavAccount) -> Diagnosis:
    """Sign in and look for calendars, as connecting would; about four requests, never in a transaction."""
    try:
        found = discover(account)
    except ProviderError as error:
        return explain(error, url=account.url)
    count = len(found.calendars)
    words = f"It answers as CalDAV, takes the password, and has {count} calendar{'' if count == 1 else 's'}."
    return Diagnosis(setting="", words=words, found=found)


def check_connection(connection: CalendarConnection, *, now: datetime) -> Diagnosis:
    """Diagnose a kept connection, and read its conflict calendars live: its state says afterwards how it went."""
    try:
        seen = _diagnosed(connection)
    except Unauthorised as error:
        return Diagnosis(setting="sign_in", words=error.message)
    if not any(calendar.reads_busy for calendar in connection.calendars.all()):
        return seen
    host = connection.host_id
    answer = busy_times([host], start=now, end=now + _AHEAD, now=now, max_age=timedelta(0))
    if seen.setting:
        return seen
    if host in answer.stale:
        return Diagnosis(setting="server", words=answer.stale[host])
    count = len(answer.busy.get(host, ()))
    words = f"{seen.words} Read just now: {count or 'no'} busy time{'' if count == 1 else 's'} in the next 14 days."
    return Diagnosis(setting="", words=words, found=seen.found)


def _diagnosed(connection: CalendarConnection) -> Diagnosis:
    """Look at a kept connection by its kind. Raises Unauthorised where its secret cannot be opened."""
    if connection.account:
        return _diagnose_account(connection)
    if connection.kind != CalendarConnection.FEED:
        return diagnose(opened_account(connection))
    address = opened_address(connection)
    try:
        fetch(address)
    except ProviderError as error:
        return explain_feed(error, address=address)
    return Diagnosis(setting="", words="The address answers with a calendar.")


def explain_feed(error: ProviderError, *, address: str) -> Diagnosis:
    """Return what a failure means for whoever typed the address of a published calendar; never shows the address."""
    if isinstance(error, Unauthorised):
        words = (
            "The server does not let this address in. Publish the calendar again, and use its new address."
        )
        return Diagnosis(setting="sign_in", words=words)
    seen = explain(error, url=address)
    return Diagnosis(setting="address", words=error.message) if seen.setting == "caldav" else seen


def _diagnose_account(connection: CalendarConnection) -> Diagnosis:
    """List the calendars of an account at Google or Microsoft: token, client, permissions, interface."""
    account = connection.account
    assert account is not None
    there = vendor(account.vendor)
    try:
        found = find_calendars(there, access_token(account))
    except WrongSetting as error:
        return Diagnosis(setting="client", words=error.message)
    except RateLimited as error:
        return Diagnosis(setting="later", words=error.message)
    except Unreachable as error:
        return Diagnosis(setting="server", words=error.message)
    except ProviderError as error:
        return Diagnosis(setting="sign_in", words=error.message)
    count = len(found.calendars)
    words = f"{there.name} takes the account’s token, and shows {count} calendar{'' if count == 1 else 's'}."
    return Diagnosis(setting="", words=words, found=found)


def explain(error: ProviderError, *, url: str) -> Diagnosis:
    """Return what a failure means for whoever typed the settings; `url` is what was asked."""
    host = urlsplit(url).hostname or url
    causes = list(_causes(error))

    def has(kind: type[BaseException]) -> bool:
        return any(isinstance(cause, kind) for cause in causes)

    if isinstance(error, Unauthorised):
        words = "The server refused the user name or the password. Some servers want an app password here."
        return Diagnosis(setting="sign_in", words=words)
    if isinstance(error, RateLimited):
        return Diagnosis(
            setting="later", words=f"{host} asks us to come back later. Try again in a few minutes."
        )
    if has(ForbiddenAddress):
        words = (
            f"{host} leads to a private address, and those are never asked from here. Use its public name."
        )
        return Diagnosis(setting="private", words=words)
    if has(NameUnknown):
        return Diagnosis(
            setting="name", words=f"The name {host} could not be found. Is the address spelt right?"
        )
    if has(ssl.SSLError) or any("ssl" in str(cause).lower() for cause in causes):
        words = (
            f"The secure connection to {host} failed: its certificate is not valid for this name, or too old."
        )
        return Diagnosis(setting="security", words=words)
    if has(TimedOut):
        return Diagnosis(
            setting="server", words=f"{host} did not answer in time. Is the port right, and is it up?"
        )
    return _by_answer(error, host)


def _by_answer(error: ProviderError, host: str) -> Diagnosis:
    """Tell apart, by what the server said, a wrong address, a server that is no CalDAV, and an empty account."""
    said = error.message
    if "no calendar for events" in said:
        return Diagnosis(setting="calendars", words=said)
    if isinstance(error, Rejected) and ("https://" in said or "usable" in said or "too long" in said):
        return Diagnosis(setting="address", words=said)
    if "another server" in said or "another address" in said:
        return Diagnosis(setting="address", words=said)
    if isinstance(error, Unreachable) and "cannot be reached" in said:
        return Diagnosis(
            setting="server", words=f"{host} does not take connections there. Is the port right?"
        )
    if "fault of its own" in said and "HTTP 501" not in said:  # 501: it does not know CalDAV's methods
        return Diagnosis(setting="server", words=said)
    words = f"{host} answers, but not as a CalDAV server ({said}) Look up its CalDAV address, and use that."
    return Diagnosis(setting="caldav", words=words)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
