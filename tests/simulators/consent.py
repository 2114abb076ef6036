"""An authorization server as both vendors have one: consent page, codes, PKCE, tokens that expire, rotate and end."""

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.simulators.vendor import Refused, Reply, Request


@dataclass
class Grant:
    """What an account's owner allowed a client; tokens hang on it and end with it."""

    account: str
    client_id: str
    scopes: tuple[str, ...]
    is_alive: bool = True


@dataclass
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: datetime
    is_used: bool = False


@dataclass
class Consent:
    """The authorization server's state. `clients` are id -> secret; `rotates`: a refresh token is good once."""

    accounts: list[str]
    clients: dict[str, str] = field(default_factory=lambda: {"simulated": "simulated-secret"})
    redirect_uris: set[str] | None = None  # None: any
    lasts: timedelta = timedelta(hours=1)
    rotates: bool = False
    clock: datetime | None = None
    grants: list[Grant] = field(default_factory=list)
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    access_tokens: dict[str, tuple[Grant, datetime]] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def now(self) -> datetime:
        """The server's clock."""
        return self.clock or datetime.now(UTC)

    def page(self, request: Request, *, title: str, decide: str) -> Reply:
        """Show who could connect and what is asked for; each button is a decision."""
        query = request.query
        self._check_request(query)
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in query["scope"].split())
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in query.items()
        )
        buttons = "".join(
            f'<p><button name="account" value="{html.escape(account)}">Allow as {html.escape(account)}</button></p>'
            for account in self.accounts
        )
        return Reply(
            body=f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            f"<title>{title} (simulated)</title><h1>{title} (simulated)</h1>"
            f"<p>This is a stand-in for the demo: no real account is asked for.</p><p>Holdfast asks for:</p>"
            f'<ul>{scopes}</ul><form method="post" action="{decide}">{hidden}{buttons}'
            f'<p><button name="account" value="">Cancel</button></p></form></html>'
        )

    def decided(self, request: Request) -> Reply:
        """Send the browser back with a code, or with access_denied (RFC 6749, 4.1.2)."""
        form = request.form
        self._check_request(form)
        back = {"state": form.get("state", "")}
        if not form.get("account"):
            back["error"] = "access_denied"
        else:
            back["code"] = self.code_for(form["account"], form)
        return Reply(status=302, headers={"Location": f"{form['redirect_uri']}?{urlencode(back)}"})

    def code_for(self, account: str, query: "dict[str, str]") -> str:
        """Make the code of a consent."""
        code = f"4/{secrets.token_urlsafe(24)}"
        self.issued.append(code)
        grant = Grant(account, query["client_id"], tuple(query["scope"].split()))
        self.grants.append(grant)
        self._codes[code] = _Code(
            grant, query["redirect_uri"], query["code_challenge"], self.now() + timedelta(minutes=10)
        )
        return code

    def _check_request(self, query: "dict[str, str] | object") -> None:
        assert isinstance(query, dict)
        if query.get("client_id") not in self.clients:
            raise Refused(Reply(status=401, body="Error 401: invalid_client"))
        if self.redirect_uris is not None and query.get("redirect_uri") not in self.redirect_uris:
            raise Refused(Reply(status=400, body="Error 400: redirect_uri_mismatch"))
        wanted = {"response_type": "code", "code_challenge_method": "S256"}
        if any(query.get(name) != value for name, value in wanted.items()) or not query.get("code_challenge"):
            raise Refused(Reply(status=400, body="Error 400: invalid_request"))
        if not query.get("state") or not query.get("scope"):
            raise Refused(Reply(status=400, body="Error 400: invalid_request"))

    def nobody(self, form: dict[str, str]) -> Grant:
        """Return a grant of a client that signs in alone: it opens nobody's calendar."""
        return Grant("", form["client_id"], ())

    def redeem(self, form: dict[str, str]) -> Grant:
        """Return the grant of a code: good once, in time, for this client, address and verifier (RFC 7636, 4.6)."""
        code = self._codes.get(form.get("code", ""))
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        ).rstrip(b"=")
        if (
            code is None
            or code.is_used
            or code.expires_at < self.now()
            or code.redirect_uri != form.get("redirect_uri")
            or code.grant.client_id != form.get("client_id")
            or code.challenge != challenge.decode()
        ):
            raise Refused(
                Reply(
                    status=400, json={"error": "invalid_grant", "error_description": "Malformed auth code."}
                )
            )
        code.is_used = True
        return code.grant

    def refreshed(self, form: dict[str, str]) -> Grant:
        """Return the grant of a refresh token that is good; one that rotates is good once."""
        token = form.get("refresh_token", "")
        grant = self.refresh_tokens.get(token)
        if grant is None or not grant.is_alive or grant.client_id != form.get("client_id"):
            raise Refused(
                Reply(
                    status=400,
                    json={
                        "error": "invalid_grant",
                        "error_description": "Token has been expired or revoked.",
                    },
                )
            )
        if self.rotates:
            del self.refresh_tokens[token]
        return grant

    def new_access(self, grant: Grant) -> str:
        """Make an access token."""
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self.issued.append(token)
        self.access_tokens[token] = (grant, self.now() + self.lasts)
        return token

    def new_refresh(self, grant: Grant) -> str:
        """Make a refresh token."""
        token = f"1//{secrets.token_urlsafe(32)}"
        self.issued.append(token)
        self.refresh_tokens[token] = grant
        return token

    def bearer(self, request: Request) -> Grant | None:
        """Return the grant of the request's access token; None where it is missing, expired or ended."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        grant, expires_at = self.access_tokens.get(token, (None, self.now()))
        return grant if grant is not None and grant.is_alive and expires_at > self.now() else None

    def expire_access_tokens(self) -> None:
        """Let every access token be over now, as after an hour."""
        self.access_tokens = {token: (grant, self.now()) for token, (grant, _) in self.access_tokens.items()}

    def end(self, account: str) -> None:
        """End every grant of an account, as its owner can at the vendor."""
        for grant in self.grants:
            if grant.account == account:
                grant.is_alive = False
