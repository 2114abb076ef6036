"""What every chat must be able to do: know its addresses, write a body, and read an answer."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult

from providers.notices.announcement import Announcement


@dataclass(frozen=True, kw_only=True)
class Answered:
    """How a chat answered: the status, the Retry-After header, and the beginning of its body."""

    status: int
    retry_after: str
    text: str


class Chat(Protocol):
    """A chat with incoming webhooks: the address is the only secret, and a repeat cannot be told from a first."""

    kind: str
    name: str
    help: str

    def is_address(self, parts: SplitResult) -> bool:
        """Say whether an https address is one of its webhooks."""

    def body(self, said: Announcement) -> dict[str, object]:
        """Return the JSON body, within the chat's limits; what people typed mentions nobody and formats nothing."""

    def is_received(self, answer: Answered) -> bool:
        """Say whether a 2xx answer means that the chat took it."""

    def is_gone(self, answer: Answered) -> bool:
        """Say whether this webhook will never work again, so that it is switched off."""

    def wait_seconds(self, answer: Answered) -> float | None:
        """Return how long a 429 asks to wait, None where it does not say."""


def seconds(text: str) -> float | None:
    """Return a number of seconds as a header writes it; a date or rubbish is read as "did not say"."""
    try:
        wait = float(text)
    except ValueError:
        return None
    return wait if 0 <= wait < 86_400 else None


def shortened(text: str, most: int) -> str:
    """Return the text, cut with an ellipsis where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
