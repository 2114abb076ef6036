"""The portal's navigation: at most nine words, in the order of a day's work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: `key` is what a page passes as `here`, `url` a URL's name."""

    key: str
    words: str
    url: str
    admins_only: bool = False


ENTRIES = (
    Entry("today", "Today", "business:today"),
    Entry("bookings", "Bookings", "business:bookings"),
    Entry("meeting_types", "Meeting types", "business:meeting_types", admins_only=True),
    Entry("connections", "Connections", "business:connections"),
    Entry("runs", "What ran", "business:runs", admins_only=True),
    Entry("messages", "Messages", "business:messages", admins_only=True),
    Entry("settings", "Settings", "business:settings"),
)

# what the command palette offers to do, beside the pages above
ACTS: tuple[Entry, ...] = (Entry("new_booking", "Book for a client", "business:new_booking"),)


def entries(*, sees_everything: bool) -> tuple[Entry, ...]:
    """Return what this user's navigation lists; a host sees no page that would refuse them."""
    return tuple(entry for entry in ENTRIES if sees_everything or not entry.admins_only)


def acts(*, sees_everything: bool) -> tuple[Entry, ...]:
    """Return what this user's command palette offers to do."""
    return tuple(act for act in ACTS if sees_everything or not act.admins_only)
