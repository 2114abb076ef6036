"""The portal's navigation: at most nine words, in the order of a day's work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: `key` is what a page passes as `here`, `url` a URL's name."""

    key: str
    words: str
    url: str
    admins_only: bool = False
    hosts_only: bool = False
    fragment: str = ""


ENTRIES = (
    Entry("today", "Today", "business:today"),
    Entry("bookings", "Bookings", "business:bookings"),
    Entry("meeting_types", "Meeting types", "business:meeting_types"),
    Entry("hours", "Your hours", "business:own_hours", hosts_only=True),
    Entry("people", "People", "business:people", admins_only=True),
    Entry("connections", "Connections", "business:connections"),
    Entry("runs", "What ran", "business:runs", admins_only=True),
    Entry("messages", "Messages", "business:messages", admins_only=True),
    Entry("health", "Health", "business:health", admins_only=True),
    Entry("settings", "Settings", "business:settings"),
)

# what the command palette offers to do, beside the pages above
ACTS: tuple[Entry, ...] = (
    Entry("new_booking", "Book for a client", "business:new_booking"),
    Entry("new_meeting_type", "Make a meeting type", "business:new_meeting_type", admins_only=True),
    Entry("invite", "Invite somebody", "business:invite", admins_only=True),
    Entry("pause", "Pause or take bookings", "business:settings", admins_only=True, fragment="#pause"),
    Entry("why", "Why is a time not offered?", "business:why"),
    Entry("hours", "Change your hours", "business:own_hours", hosts_only=True),
)


def entries(*, sees_everything: bool) -> tuple[Entry, ...]:
    """Return what this user's navigation lists; a host sees no page that would refuse them."""
    return tuple(entry for entry in ENTRIES if _is_for(entry, sees_everything=sees_everything))


def acts(*, sees_everything: bool) -> tuple[Entry, ...]:
    """Return what this user's command palette offers to do."""
    return tuple(act for act in ACTS if _is_for(act, sees_everything=sees_everything))


def _is_for(entry: Entry, *, sees_everything: bool) -> bool:
    return not (entry.hosts_only if sees_everything else entry.admins_only)
