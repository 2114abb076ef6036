"""Jitsi on the business's own server: a room whose name nobody can guess, and a token for that room alone.

Nothing is made beforehand: a room begins when somebody joins it (jitsi.github.io/handbook). So the same key gives
the same link, and there is nothing to update but the link, and nothing to delete: a token ends six hours after the
meeting. The token is a JWT with HS256 whose claims are those of Prosody's token plugin (lib-jitsi-meet,
doc/tokens.md): aud, iss (the application), sub (the server), room, exp.

What counts as proof, as a browser would do it up to the room's door:
1. the room's page answers and is Jitsi Meet's;
2. the signalling (BOSH, XEP-0124) opens a session with our token, and signs us in (SASL ANONYMOUS): the server has
   checked signature, application and expiry of this very token; a server without tokens signs in whoever comes.
Not proven: that the server compares the token's room with the room's name when somebody enters (it is told to by
`token_verification`), and that media gets through.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
from django.conf import settings

from kernel.http import ForbiddenAddress, GuardedClient, HttpError, guarded_client
from kernel.tenancy import current_schema
from providers.mail.characters import one_line
from providers.meetings.jitsi_server import Jitsi, jitsi_server
from providers.protocols import JsonScalar, MeetingLink, MeetingRequest, NotJoinable, Proof, Rejected

TIMEOUT_SECONDS = 8.0
_LASTS = timedelta(hours=6)
_DOMAIN = re.compile(r"\bdomain:\s*['\"]([A-Za-z0-9.-]+)['\"]")
_IS_JITSI = ("lib-jitsi-meet", "JitsiMeetJS", "interface_config.js")
_SID = re.compile(r"\bsid=['\"]([^'\"]+)['\"]")


class JitsiMeet:
    """Rooms on the tenant's own server; idempotent by key because everything follows from it."""

    kind = "jitsi"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:  # noqa: ARG002 - the protocol's
        """Return the link of this key; raises Rejected without a server. One query."""
        server = jitsi_server()
        if server is None:
            raise Rejected("No Jitsi server is connected. Connect it in Connections.")
        return MeetingLink(
            kind=self.kind, key=request.key, url=room_link(server, request.key, request.ends_at)
        )

    def find(self, key: str) -> MeetingLink | None:  # noqa: ARG002 - the protocol's signature
        """Return None: nothing is kept anywhere, `create` gives the same link again."""
        return None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Visit the page and sign in to its signalling with the link's token; raises NotJoinable in words."""
        server = jitsi_server()
        if server is None:
            raise NotJoinable("No Jitsi server is connected any more.")
        if room_link(server, request.key, request.ends_at) != link.url:
            raise NotJoinable("The link is not that of this meeting on the server that is connected now.")
        evidence = visit(server, link.url)
        return Proof(
            checked_at=now,
            url=link.url,
            evidence={"kind": self.kind, "meeting": request.meeting_uid, **evidence},
        )

    def cancel(self, key: str, *, now: datetime) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nothing was made, so nothing is taken back; the token ends by itself."""
        return False

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: whoever hosts, the room is on the business's server."""
        return False


def room_link(server: Jitsi, key: str, ends_at: datetime) -> str:
    """Return the address of a key's room, with its token where the server wants one."""
    room = room_name(server, key)
    url = f"{server.base_url}/{room}"
    return f"{url}?{urlencode({'jwt': token(server, room, ends_at + _LASTS)})}" if server.app_id else url


def room_name(server: Jitsi, key: str) -> str:
    """Return the room of a key: 100 bits of HMAC under the application's secret, or under ours without one."""
    secret = server.secret or settings.SECRET_KEY
    digest = hmac.new(secret.encode(), f"jitsi|{current_schema()}|{key}".encode(), hashlib.sha256).digest()
    return f"hf-{base64.b32encode(digest).decode().lower()[:20]}"


def token(server: Jitsi, room: str, expires_at: datetime) -> str:
    """Return a JWT (RFC 7519) with HS256 that opens this room alone until `expires_at`."""
    claims = {
        "aud": "jitsi",
        "iss": server.app_id,
        "sub": server.host,
        "room": room,
        "exp": int(expires_at.timestamp()),
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    mark = hmac.new(server.secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def try_jitsi(server: Jitsi, *, now: datetime) -> None:
    """Test a server with a room that nobody uses; raises NotJoinable in words. Never inside a transaction."""
    visit(server, room_link(server, f"test-{secrets.token_hex(8)}", now))


def visit(server: Jitsi, url: str) -> dict[str, JsonScalar]:
    """Go as a browser does up to the room's door; return the evidence. Raises NotJoinable."""
    page, _, query = url.partition("?")
    room, signed = page.rpartition("/")[2], query.removeprefix("jwt=")
    try:
        with guarded_client(timeout_seconds=TIMEOUT_SECONDS) as client:
            _check_page(client, page)
            domain = _domain(client, server)
            _sign_in(client, server, domain, room, signed)
    except ForbiddenAddress as error:
        raise NotJoinable(f"The Jitsi server cannot be used: {error.message}") from error
    except HttpError as error:
        raise NotJoinable(f"The Jitsi server does not answer: {error.message}", transient=True) from error
    return {"status": 200, "domain": domain, "signed_in": True, "with_token": bool(signed)}


def _check_page(client: GuardedClient, page: str) -> None:
    answer = client.get(page)
    _check_status(answer, "The room’s page")
    if not any(mark in answer.text for mark in _IS_JITSI):
        raise NotJoinable(
            "What answers there is not Jitsi Meet.", transient=True
        )  # what stands before it may be


def _domain(client: GuardedClient, server: Jitsi) -> str:
    """Return the XMPP domain that the server's own config.js names (`hosts.domain`), else its host name."""
    answer = client.get(f"{server.base_url}/config.js")
    found = _DOMAIN.search(answer.text) if answer.status_code == 200 else None
    return found[1] if found else server.host


def _sign_in(client: GuardedClient, server: Jitsi, domain: str, room: str, signed: str) -> None:
    """Open a BOSH session and sign in; then end it."""
    query = {"room": room, **({"token": signed} if signed else {})}
    address = f"{server.base_url}/http-bind?{urlencode(query)}"
    rid = secrets.randbelow(2**31)
    opened = _bosh(
        client, address,
        f"<body rid='{rid}' to='{domain}' xml:lang='en' wait='5' hold='1' ver='1.6' xmpp:version='1.0' "
        "content='text/xml; charset=utf-8' xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'/>",
    )  # fmt: skip
    session = _SID.search(opened)
    if session is None:
        raise NotJoinable("The Jitsi server’s signalling opens no session.", transient=True)
    answered = _bosh(
        client, address,
        f"<body rid='{rid + 1}' sid='{session[1]}' xmlns='http://jabber.org/protocol/httpbind'>"
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/></body>",
    )  # fmt: skip
    if "<success" not in answered:
        words = re.sub(r"<[^>]*>", " ", answered)
        wants = "refuses our token" if signed else "wants a token: give it the application’s id and secret"
        raise NotJoinable(f"The Jitsi server {wants}. {one_line(words, limit=150)}".strip())
    end = f"<body rid='{rid + 2}' sid='{session[1]}' type='terminate' xmlns='http://jabber.org/protocol/httpbind'/>"
    _bosh(client, address, end)


def _bosh(client: GuardedClient, address: str, body: str) -> str:
    answer = client.post(address, content=body.encode(), headers={"Content-Type": "text/xml; charset=utf-8"})
    _check_status(answer, "The Jitsi server’s signalling")
    return answer.text


def _check_status(answer: httpx.Response, what: str) -> None:
    status = answer.status_code
    if status != 200:
        raise NotJoinable(f"{what} answers with error {status}.", transient=status >= 500 or status == 429)


def _part(value: dict[str, object]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")
