"""Discord: Execute Webhook (discord.com/developers/docs/resources/webhook#execute-webhook).

Success is 204, or 200 with ?wait=true. Limits of an embed (resources/message#embed-object): title 256, field name
256, field value 1,024 characters; 25 fields. `allowed_mentions: {"parse": []}` lets nothing that people typed
mention anybody. 404 means that the webhook was deleted (code 10015). 429 says `retry_after` in seconds, with a
fraction, in its body (topics/rate-limits).
"""

import json
import re
from urllib.parse import SplitResult

from providers.notices.announcement import Announcement
from providers.notices.systems.chat import Answered, seconds, shortened

_HOSTS = ("discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com")
_PATH = re.compile(r"/api/(v\d+/)?webhooks/\d+/[\w-]+")
_MARKDOWN = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_~|>[]()#-"})


class Discord:
    """A channel of Discord."""

    kind = "discord"
    name = "Discord"
    help = "In Discord: the channel’s settings, Integrations, Webhooks. The address starts with https://discord.com/api/webhooks/."

    def is_address(self, parts: SplitResult) -> bool:
        """Return whether it is a webhook with its token."""
        return parts.hostname in _HOSTS and _PATH.fullmatch(parts.path) is not None

    def body(self, said: Announcement) -> dict[str, object]:
        """Return one embed whose title leads into the portal."""
        fields = [
            {"name": shortened(_plain(label), 256), "value": shortened(_plain(value), 1024), "inline": True}
            for label, value in said.rows[:25]
        ]
        embed = {"title": shortened(_plain(said.title), 256), "url": said.url, "fields": fields}
        return {"embeds": [embed], "allowed_mentions": {"parse": []}}

    def is_received(self, answer: Answered) -> bool:
        """204 without a body."""
        return answer.status in (200, 204)

    def is_gone(self, answer: Answered) -> bool:
        """The webhook was deleted, or its token is not (any more) right."""
        return answer.status in (401, 404, 410)

    def wait_seconds(self, answer: Answered) -> float | None:
        """`retry_after` of the body, else the header."""
        try:
            said = json.loads(answer.text)["retry_after"]
        except (ValueError, KeyError, TypeError):
            said = answer.retry_after
        return seconds(str(said))


def _plain(text: str) -> str:
    return text.translate(_MARKDOWN)
