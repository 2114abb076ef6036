"""The demo's chats: four webhooks that check what they are sent as the vendors do, and a page with what came."""

import html
import json
from functools import partial

from tests.simulators.chats.server import CHECKS, KINDS, PATHS, SUCCESS, Json
from tests.simulators.vendor import Reply, Request, Simulator

_NAMES = {"slack": "Slack", "teams": "Microsoft Teams", "discord": "Discord", "mattermost": "Mattermost"}


class DemoChats(Simulator):
    """A channel in each of the chats."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[str, str]] = []  # chat, what it was sent
        for kind in KINDS:
            self.route("POST", PATHS[kind].partition("?")[0], partial(self._take, kind))
        self.route("GET", "/", lambda _request: self._page())

    def _take(self, kind: str, request: Request) -> Reply:
        """Take a message; 400 for one that the chat would refuse."""
        try:
            sent: Json = json.loads(request.body)
            CHECKS[kind](sent)
        except (ValueError, KeyError, TypeError) as error:
            return Reply(status=400, body=f"{type(error).__name__}: {error}")
        with self.lock:
            self.came.append((kind, json.dumps(sent, indent=2, ensure_ascii=False)))
        status, body = SUCCESS[kind]
        return Reply(status=status, body=body.decode())

    def _page(self) -> Reply:
        addresses = "".join(
            f"<li>{_NAMES[kind]}: <code>{self.base_url}{html.escape(PATHS[kind])}</code></li>"
            for kind in KINDS
        )
        with self.lock:
            came = "".join(
                f"<h2>{_NAMES[kind]}</h2><pre>{html.escape(sent)}</pre>" for kind, sent in reversed(self.came)
            )
        return Reply(
            body='<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            "<title>Chats (simulated)</title><h1>Chats (simulated)</h1>"
            f"<p>Connect a channel by its webhook’s address:</p><ul>{addresses}</ul>"
            f"<p>What was sent there, newest first. Nobody reads it, and nothing is kept.</p>{came}</html>"
        )
