"""What each mail and each placeholder is called on the pages."""

WHEN = {
    "confirmation": ("Confirmation", "When a booking is confirmed. The invite is attached."),
    "reminder": ("Reminder", "Before the meeting, after its link was tested once more."),
    "moved": ("New time", "When a booking moved."),
    "cancellation": ("Cancellation", "When a booking is cancelled, whoever did it."),
    "pending": ("Asked for", "When a booking waits for the host’s approval."),
    "failed": ("Not booked", "When a booking could not be confirmed, and its time was given back."),
    "move_failed": ("Not moved", "When a new time could not be confirmed, and the old one stays."),
    "reassigned": ("New host", "When a booking goes to another host."),
    "new_link": ("New link", "When a dead link was replaced."),
    "left": ("Session left", "When a seat moved to another session: this mail removes the old one."),
}
PLACEHOLDER_WORDS = {
    "business": "your name",
    "meeting": "the meeting type",
    "host": "who the meeting is with",
    "client": "the client’s name",
    "when": "day, time and zone, in full",
    "start": "day and time, short",
    "time_zone": "the client’s zone",
    "how_to_join": "how the built-in room opens; nothing elsewhere",
    "tested": "that the link was tested; nothing without a link",
    "what_changed": "what became of the old time",
    "before": "what it was before",
    "who": "who cancelled",
    "freed": "what became of the time",
    "reason": "the reason, if one was given",
    "why": "why not, in a sentence",
    "what_now": "what to do now",
    "until": "how long the time is kept",
    "wanted": "the time that was wanted",
}
