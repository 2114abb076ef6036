"""The languages of clients' mails: one file each, all with the same keys (a test sees to it)."""

from booking.messages.languages.de import GERMAN
from booking.messages.languages.en import ENGLISH
from booking.messages.languages.language import Language
from booking.messages.languages.pt import PORTUGUESE

LANGUAGES: dict[str, Language] = {each.code: each for each in (ENGLISH, PORTUGUESE, GERMAN)}


def language(code: str) -> Language:
    """Return the language of this code; English for one that is not here any more."""
    return LANGUAGES.get(code, ENGLISH)


__all__ = ["LANGUAGES", "Language", "language"]
