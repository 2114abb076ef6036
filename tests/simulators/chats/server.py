"""Slack, Microsoft Teams, Discord and Mattermost as their incoming webhooks answer: each checks what it is sent.

A simulator keeps what it took, refuses what its documentation refuses (with its documented words), and can be told
to fail: the next faults of `plan` are used up one a request. Sources: the pages named in providers/notices/systems.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulators.http import Answer, Seen, Site, http_site

Fault = Literal["none", "slow", "500", "rate limited", "rubbish", "a page", "gone", "silent"]
Json = dict[str, Any]
KINDS = ("slack", "teams", "discord", "mattermost")


@dataclass
class ChatServer:
    """The running chat: what it took, in order, and the faults to come."""

    kind: str
    site: Site
    taken: list[Json] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    plan: list[Fault] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The webhook's address, with its secret."""
        return self.site.url(PATHS[self.kind])


@contextmanager
def chat_server(kind: str) -> Iterator[ChatServer]:
    """Run one chat for the block."""
    with http_site() as site:
        server = ChatServer(kind=kind, site=site)
        site.answer = lambda seen: _answer(server, seen)
        yield server


def _answer(server: ChatServer, seen: Seen) -> Answer:
    fault = server.plan.pop(0) if server.plan else "none"
    if fault == "silent":
        return Answer(raw=b"")
    if fault in _FAULTS:
        return _FAULTS[fault](server.kind)
    delay = 0.8 if fault == "slow" else 0.0
    if seen.method != "POST" or not seen.headers.get("content-type", "").startswith("application/json"):
        return _refused(server, "not a JSON POST")
    if seen.path != PATHS[server.kind]:
        return Answer(status=404, body=b"no_service")
    try:
        sent = json.loads(seen.body)
        CHECKS[server.kind](sent)
    except (ValueError, KeyError, TypeError) as error:
        return _refused(server, str(error))
    server.taken.append(sent)
    status, body = SUCCESS[server.kind]
    return Answer(status=status, body=body, delay_seconds=delay)


def _refused(server: ChatServer, why: str) -> Answer:
    server.refused.append(why)
    words = {
        "slack": b"invalid_payload",
        "discord": b'{"code": 50006, "message": "Cannot send an empty message"}',
    }
    return Answer(status=400, body=words.get(server.kind, b"Bad request"))


def _rate_limited(kind: str) -> Answer:
    if kind == "discord":  # the header is coarser than the body
        body = json.dumps({"message": "You are being rate limited.", "retry_after": 2.5, "global": False})
        return Answer(status=429, body=body.encode(), headers={"Retry-After": "3"})
    return Answer(status=429, headers={"Retry-After": "7"})


def gone(kind: str) -> Answer:
    if kind == "discord":
        return Answer(status=404, body=b'{"message": "Unknown Webhook", "code": 10015}')
    if kind == "slack":
        return Answer(status=410, body=b"channel_is_archived")
    return Answer(status=404, body=b"not found")


_FAULTS: dict[str, Callable[[str], Answer]] = {
    "500": lambda kind: Answer(status=500, body=b"server error"),
    "rate limited": _rate_limited,
    "rubbish": lambda kind: Answer(status=203, body=b"<html>Sign in to the wireless network</html>"),
    "a page": lambda kind: Answer(status=200, body=b"<html>Welcome to nginx</html>"),
    "gone": gone,
}
PATHS = {
    "slack": "/services/T000/B000/sEcReTtOkEn",
    "teams": "/workflows/abc/triggers/manual/paths/invoke?sig=sEcReTtOkEn",
    "discord": "/api/webhooks/123456789/sEcReTtOkEn",
    "mattermost": "/hooks/sEcReTtOkEn",
}
SUCCESS = {"slack": (200, b"ok"), "teams": (202, b""), "discord": (204, b""), "mattermost": (200, b"ok")}


def _only(value: Json, *allowed: str) -> Json:
    if unknown := set(value) - set(allowed):
        raise ValueError(f"unknown field {sorted(unknown)[0]}")
    return value


def _length(text: object, most: int, what: str) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= most:
        raise ValueError(f"{what}: 1 to {most} characters")
    return text


def _slack(sent: Json) -> None:
    _only(sent, "text", "blocks", "unfurl_links", "unfurl_media")
    _entities(_length(sent["text"], 40_000, "text"))
    for block in sent["blocks"]:
        match block["type"]:
            case "header":
                _length(_only(block["text"], "type", "text", "emoji")["text"], 150, "header")
            case "section":
                _entities(_length(_only(block["text"], "type", "text", "verbatim")["text"], 3000, "section"))
            case "actions":
                for element in block["elements"]:
                    _only(element, "type", "text", "url")
            case other:
                raise ValueError(f"no block of type {other}")


def _entities(text: str) -> None:
    """Refuse what Slack would read as a link or a mention: only entities may stand for &, < and >."""
    bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    if any(letter in bare for letter in "<>&"):
        raise ValueError("unescaped")


def _teams(sent: Json) -> None:
    if len(json.dumps(sent)) > 28 * 1024:
        raise ValueError("larger than 28 KB")
    if _only(sent, "type", "attachments")["type"] != "message":
        raise ValueError("type")
    (attachment,) = sent["attachments"]
    if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
        raise ValueError("contentType: adaptive cards only")
    card = _only(attachment["content"], "$schema", "type", "version", "body", "actions")
    if (card["type"], card["version"]) != ("AdaptiveCard", "1.4"):
        raise ValueError("card")
    for part in card["body"]:
        if part["type"] == "TextBlock":
            _length(_only(part, "type", "size", "weight", "wrap", "text")["text"], 2000, "text")
        elif part["type"] == "FactSet":
            for fact in part["facts"]:
                _only(fact, "title", "value")
        else:
            raise ValueError(part["type"])


def _discord(sent: Json) -> None:
    _only(sent, "content", "embeds", "allowed_mentions", "username")
    if sent["allowed_mentions"] != {"parse": []}:
        raise ValueError("somebody could be mentioned")
    (embed,) = sent["embeds"]
    _length(_only(embed, "title", "url", "fields", "description")["title"], 256, "title")
    if len(embed["fields"]) > 25:
        raise ValueError("more than 25 fields")
    for each in embed["fields"]:
        _length(each["name"], 256, "name")
        _length(each["value"], 1024, "value")


def _mattermost(sent: Json) -> None:
    _only(sent, "text", "attachments", "username", "icon_url", "channel")
    for attachment in sent["attachments"]:
        _length(_only(attachment, "fallback", "title", "title_link", "fields")["title"], 16_383, "title")
        for each in attachment["fields"]:
            said = str(_only(each, "short", "title", "value")["value"]) + attachment["title"]
            if any(f"@{word}" in said for word in ("all", "channel", "here")):
                raise ValueError("everybody would be mentioned")


CHECKS: dict[str, Callable[[Json], None]] = {
    "slack": _slack,
    "teams": _teams,
    "discord": _discord,
    "mattermost": _mattermost,
}
