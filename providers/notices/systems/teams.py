"""Microsoft Teams: the Workflows app's "When a Teams webhook request is received" (learn.microsoft.com,
microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).

It takes Adaptive Cards only: a message with one attachment of type application/vnd.microsoft.card.adaptive, at
most 28 KB. Success is 202 (or 200) with no promise that the flow went well. The connectors of Office 365, with
their message cards, are retired and are not offered. In a FactSet Teams reads Markdown, so it is escaped; no
mention is possible without an `msteams.entities` part, and there is none.
"""

from urllib.parse import SplitResult

from providers.notices.announcement import Announcement
from providers.notices.systems.chat import Answered, seconds, shortened

_DOMAINS = (".logic.azure.com", ".api.powerplatform.com", ".flow.microsoft.com")
_MARKDOWN = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]()#+-!~<>|"})


class Teams:
    """A channel or chat of Microsoft Teams."""

    kind = "teams"
    name = "Microsoft Teams"
    help = "In Teams: Workflows, “Send webhook alerts to a channel”, and copy the address that it shows at the end."

    def is_address(self, parts: SplitResult) -> bool:
        """Return whether Power Automate answers there."""
        return (parts.hostname or "").endswith(_DOMAINS)

    def body(self, said: Announcement) -> dict[str, object]:
        """Return a message with one Adaptive Card of version 1.4: title, facts, a button into the portal."""
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                {
                    "type": "TextBlock",
                    "size": "Medium",
                    "weight": "Bolder",
                    "wrap": True,
                    "text": _plain(said.title),
                },
                {
                    "type": "FactSet",
                    "facts": [{"title": _plain(label), "value": _plain(value)} for label, value in said.rows],
                },
            ],
            "actions": [{"type": "Action.OpenUrl", "title": "Open in the portal", "url": said.url}],
        }
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        return {"type": "message", "attachments": [attachment]}

    def is_received(self, answer: Answered) -> bool:
        """The flow was started; what became of it is seen in Teams alone."""
        return answer.status in (200, 202)

    def is_gone(self, answer: Answered) -> bool:
        """The flow was deleted or turned off."""
        return answer.status in (404, 410)

    def wait_seconds(self, answer: Answered) -> float | None:
        """Retry-After, in seconds."""
        return seconds(answer.retry_after)


def _plain(text: str) -> str:
    return shortened(text, 500).translate(_MARKDOWN)
