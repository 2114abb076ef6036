"""Slack: incoming webhooks (docs.slack.dev, "Sending messages using incoming webhooks").

Success is 200 with the body "ok"; 404 and 410 name a webhook or channel that is gone, 403 one that may not post
(its "Handling errors" list); 429 carries Retry-After ("Rate limits": one message a second). `text` is what
notifications show; &, < and > must be written as entities ("Formatting message text", "Escaping text"), so
nothing that people typed becomes a link or a mention. A header block takes 150 characters, a section's text 3,000.
"""

from urllib.parse import SplitResult

from providers.notices.announcement import Announcement
from providers.notices.systems.chat import Answered, seconds, shortened

_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
_GONE = (
    "no_service",
    "no_service_id",
    "no_team",
    "team_disabled",
    "channel_not_found",
    "channel_is_archived",
)


class Slack:
    """A channel of Slack."""

    kind = "slack"
    name = "Slack"
    help = "In Slack: Apps, Incoming Webhooks, choose a channel. The address starts with https://hooks.slack.com/services/."

    def is_address(self, parts: SplitResult) -> bool:
        """Return whether it is an incoming webhook; a workflow's trigger takes no blocks."""
        return parts.hostname in _HOSTS and parts.path.startswith("/services/")

    def body(self, said: Announcement) -> dict[str, object]:
        """Return text for notifications, and blocks: header, rows, a button into the portal."""
        rows = "\n".join(f"*{_escaped(label)}*  {_escaped(value)}" for label, value in said.rows)
        blocks: list[dict[str, object]] = [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": shortened(said.title, 150), "emoji": False},
            }
        ]
        if rows:
            blocks.append(
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": shortened(rows, 3000), "verbatim": True},
                }
            )
        button = {
            "type": "button",
            "text": {"type": "plain_text", "text": "Open in the portal"},
            "url": said.url,
        }
        blocks.append({"type": "actions", "elements": [button]})
        return {"text": _escaped(said.title), "blocks": blocks, "unfurl_links": False}

    def is_received(self, answer: Answered) -> bool:
        """The body says "ok"; anything else with 200 is not Slack."""
        return answer.text.strip() == "ok"

    def is_gone(self, answer: Answered) -> bool:
        """The webhook, its channel or its workspace is gone."""
        return answer.status in (404, 410) or (answer.status == 403 and answer.text.strip() in _GONE)

    def wait_seconds(self, answer: Answered) -> float | None:
        """Retry-After, in seconds."""
        return seconds(answer.retry_after)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
