"""The staff console's navigation, in the order of harm to clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: `key` is what a page passes as `here`, `url` a URL's name."""

    key: str
    words: str
    url: str


ENTRIES = (
    Entry("businesses", "Businesses", "staff:home"),
    Entry("contention", "Contention", "staff:contention"),
    Entry("runs", "What ran", "business:runs"),
    Entry("security", "Sign-in security", "mfa_index"),
)
