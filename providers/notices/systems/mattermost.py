"""Mattermost: incoming webhooks (developers.mattermost.com/integrate/webhooks/incoming).

Success is 200 with the body "ok". `text` is Markdown; a message attachment ("Message attachments") holds the rows
as short fields. An @ mentions people, channels and @all, so a zero-width space follows each one that people typed;
the rest of Markdown is escaped. The server is the business's own, so any https address with /hooks/ is one.
"""

import re
from urllib.parse import SplitResult

from providers.notices.announcement import Announcement
from providers.notices.systems.chat import Answered, seconds, shortened

_PATH = re.compile(r".*/hooks/[A-Za-z0-9-]+")
_MARKDOWN = str.maketrans(
    {**{letter: f"\\{letter}" for letter in "\\`*_~|>[]()#!<"}, "@": "@\u200b", ":": "\\:"}
)


class Mattermost:
    """A channel of a Mattermost server."""

    kind = "mattermost"
    name = "Mattermost"
    help = "In Mattermost: Integrations, Incoming Webhooks. The address ends in /hooks/ and a key."

    def is_address(self, parts: SplitResult) -> bool:
        """Return whether its path is that of an incoming webhook."""
        return _PATH.fullmatch(parts.path) is not None

    def body(self, said: Announcement) -> dict[str, object]:
        """Return one attachment whose title leads into the portal; `fallback` is for notifications."""
        title = shortened(_plain(said.title), 300)
        fields = [
            {"short": True, "title": label, "value": shortened(_plain(value), 1000)}
            for label, value in said.rows
        ]
        attachment = {"fallback": title, "title": title, "title_link": said.url, "fields": fields}
        return {"text": "", "attachments": [attachment]}

    def is_received(self, answer: Answered) -> bool:
        """The body says "ok"."""
        return answer.text.strip() == "ok"

    def is_gone(self, answer: Answered) -> bool:
        """410; a missing hook answers 400 or 404 with words, which a person has to read."""
        return answer.status in (404, 410)

    def wait_seconds(self, answer: Answered) -> float | None:
        """Retry-After, in seconds; servers with rate limiting also send X-RateLimit-Reset."""
        return seconds(answer.retry_after)


def _plain(text: str) -> str:
    return text.translate(_MARKDOWN)
