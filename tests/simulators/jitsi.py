"""A Jitsi server up to a room's door: pages, config.js, and BOSH with Prosody's token check, over HTTP.

It checks each token by itself (RFC 7519, HS256; lib-jitsi-meet, doc/tokens.md) and each BOSH body (XEP-0124): a
session before its sign-in, a rising rid, the domain of config.js. The next fault of `plan` is used up by one visit
of a page.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from tests.simulators.http import Answer, Seen, Site, http_site

Fault = Literal["none", "slow", "500", "rubbish", "gone", "no signalling", "silent"]
DOMAIN = "meet.internal"
_BOSH = "{http://jabber.org/protocol/httpbind}"
_SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"


@dataclass
class JitsiSimulator:
    """The running server; `secret` "" lets everybody in. `signed_in` are the claims of those who came in."""

    site: Site
    app_id: str = "holdfast"
    secret: str = "s3cret"
    plan: list[Fault] = field(default_factory=list)
    signed_in: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sessions: dict[str, int] = field(default_factory=dict)
    signalling: bool = True

    @property
    def url(self) -> str:
        """Its address, as a business types it."""
        return self.site.url("").rstrip("/")


@contextmanager
def jitsi_simulator(*, secret: str = "s3cret") -> Iterator[JitsiSimulator]:
    """Run one for the block."""
    with http_site() as site:
        server = JitsiSimulator(site=site, secret=secret)
        site.answer = lambda seen: _answer(server, seen)
        yield server


def _answer(server: JitsiSimulator, seen: Seen) -> Answer:
    parts = urlsplit(seen.path)
    if parts.path == "/http-bind":
        return _bosh(server, seen, parse_qs(parts.query))
    if parts.path == "/config.js":
        return Answer(body=f"var config = {{ hosts: {{ domain: '{DOMAIN}' }} }};".encode())
    fault = server.plan.pop(0) if server.plan else "none"
    server.signalling = fault != "no signalling"
    match fault:
        case "silent":
            return Answer(raw=b"")
        case "500":
            return Answer(status=500)
        case "gone":
            return Answer(status=404)
        case "rubbish":
            return Answer(body=b"<html>Welcome to nginx</html>")
    page = b'<html><script src="libs/lib-jitsi-meet.min.js"></script></html>'
    return Answer(body=page, delay_seconds=0.8 if fault == "slow" else 0.0)


def _bosh(server: JitsiSimulator, seen: Seen, query: dict[str, list[str]]) -> Answer:
    if seen.method != "POST" or not server.signalling:
        return Answer(status=502)
    body = ElementTree.fromstring(seen.body)
    if body.tag != f"{_BOSH}body":
        return Answer(status=400)
    rid, sid = int(body.get("rid", "0")), body.get("sid", "")
    if not sid:
        if body.get("to") != DOMAIN or body.get("ver") != "1.6":
            server.refused.append("host-unknown")
            return _say("type='terminate' condition='host-unknown'")
        sid = f"s{len(server.sessions) + 1}"
        server.sessions[sid] = rid
        return _say(f"sid='{sid}' wait='5'")
    if server.sessions.get(sid) != rid - 1:
        return Answer(status=404)
    server.sessions[sid] = rid
    auth = body.find(f"{_SASL}auth")
    if auth is None:
        return _say("type='terminate'")
    if auth.get("mechanism") != "ANONYMOUS":
        return Answer(status=400)
    if why := _why_not(server, query):
        server.refused.append(why)
        return _say(
            "",
            f"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-allowed/><text>{why}</text></failure>",
        )
    return _say("", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")


def _why_not(server: JitsiSimulator, query: dict[str, list[str]]) -> str:
    """Return "" if the token lets its bearer into the room, else what Prosody would say."""
    if not server.secret:
        server.signed_in.append({})
        return ""
    tokens = query.get("token", [])
    if not tokens:
        return "token required"
    try:
        head, claims, mark = tokens[0].split(".")
        expected = hmac.new(server.secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
        said = json.loads(_decoded(claims))
        if json.loads(_decoded(head)) != {"alg": "HS256", "typ": "JWT"} or _decoded(mark) != expected:
            return "Invalid signature"
    except ValueError:
        return "Invalid token"
    if set(said) != {"aud", "iss", "sub", "room", "exp"} or said["aud"] != "jitsi":
        return "Invalid claims"
    if said["iss"] != server.app_id:
        return "Invalid issuer"
    if said["exp"] < time.time():
        return "Token is expired"
    if [said["room"]] != query.get("room"):
        return "room mismatch"
    server.signed_in.append(said)
    return ""


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _say(attributes: str, inner: str = "") -> Answer:
    return Answer(
        body=f"<body xmlns='http://jabber.org/protocol/httpbind' {attributes}>{inner}</body>".encode()
    )
