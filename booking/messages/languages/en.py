"""English: the shipped words of clients' mails."""

from datetime import datetime

from booking.messages.languages.language import Language
from booking.messages.wording import Wording

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def _long(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def _short(local: datetime) -> str:
    return f"{_DAYS[local.weekday()][:3]} {local.day} {_MONTHS[local.month - 1][:3]} {local.year}"


ENGLISH = Language(
    code="en",
    name="English",
    long_day=_long,
    short_day=_short,
    phrases={
        "and": "and",
        "clock": "",
        "join": "Join",
        "change_or_cancel": "Change or cancel",
        "book_again": "Book another time",
        "choose_another": "Choose another time",
        "take": "Take {start}",
        "your_booking": "Your booking",
        "meeting": "Meeting",
        "with": "With",
        "where": "Where",
        "phone": "Phone",
        "as_agreed": "as agreed",
        "room": "Room",
        "seat": "Seat",
        "all_dates": "All dates of this series",
        "series": "Series",
        "series_dates": "{count} dates, each confirmed by a mail of its own",
        "guests": "Guests",
        "booked_by": "Booked by",
        "before": "Before",
        "with_host": "with {host}",
        "reason": "Reason",
        "cancelled_at": "Cancelled: {when}",
        "given_back_at": "Given back: {when}",
        "not_booked_at": "Not booked: {when}",
        "asked_for_at": "Asked for: {when}",
        "see_how": "See how it stands",
        "declined": "{host} could not accept this time.",
        "they_wrote": "They wrote: “{reason}”",
        "unanswered": "{host} did not answer in time, so the time was given back.",
        "still_at": "Still at {when}",
        "you": "You",
        "how_to_join": "Open the link in your browser; the room opens ten minutes before the start.",
        "tested": "The link was tested when this mail was written.",
        "tested_room": "The link was tested when this mail was written; the room opens ten minutes before the start.",
        "time_changed": "The old time is free again; earlier links to this booking no longer work.",
        "seat_changed": (
            "Your seat in the old session was given back; earlier links to this booking no longer work."
        ),
        "link": "Link",
        "link_is_new": "a new one; the former link does not lead to this meeting any more",
        "time_stays": "The time stays as it is. The link is a new one: please join by the link in this mail.",
        "place_stays": "The time and the place stay as they are.",
        "seat_freed": "Your place was given back.",
        "time_freed": "The time is free again, and the meeting’s link no longer works.",
        "with_alternatives": "These times were open when this mail was written:",
        "without_alternatives": "Please choose another time, or reply to this mail to reach {host}.",
        "guest_footer": "You receive this because {client} added you as a guest. The invite is attached.",
        "guest_gone_footer": "The attached update removes the meeting from your calendar.",
        "guest_reminder_footer": "You receive this because {client} named you as a guest.",
        "guest_with": "{host} and {client}",
        "text_confirmed": "{business}: {meeting} with {host} is confirmed, {start}.",
        "text_moved": "{business}: {meeting} with {host} has a new time, {start}.",
        "text_cancelled": "{business}: {meeting} with {host}, {start}, is cancelled.",
        "text_reminder": "{business}: {meeting} with {host} is coming up, {start}.",
    },
    reasons={},  # booking.errors.WORDS is English
    guests={
        "confirmation": (
            "Invitation: {meeting} with {client}, {start}",
            "{client} invites you to {meeting} with {host}",
        ),
        "moved": (
            "New time: {meeting} with {client}, {start}",
            "{meeting} with {client} and {host} has a new time",
        ),
        "new_link": (
            "New link: {meeting} with {client}, {start}",
            "{meeting} with {client} and {host} has a new link",
        ),
        "reassigned": (
            "New host: {meeting} with {client}, {start}",
            "{meeting} with {client} is with {host} now",
        ),
        "cancellation": (
            "Cancelled: {meeting} with {client}, {start}",
            "{meeting} with {client} does not take place",
        ),
        "reminder": ("Reminder: {meeting} with {host}, {start}", "{meeting} with {host} is coming up"),
    },
    shipped={
        "confirmation": Wording(
            subject="Confirmed: {meeting} with {host}, {start}",
            heading="Your {meeting} with {host} is confirmed",
            body="{how_to_join}",
            footer="You receive this because you booked a meeting. The invite is attached.",
        ),
        "reminder": Wording(
            subject="Reminder: {meeting} with {host}, {start}",
            heading="Your {meeting} with {host} is coming up",
            body="{tested}",
            footer="You receive this because you booked a meeting.",
        ),
        "moved": Wording(
            subject="New time: {meeting} with {host}, {start}",
            heading="Your {meeting} with {host} has a new time",
            body="{what_changed}",
            footer="The attached update moves the meeting in your calendar.",
        ),
        "cancellation": Wording(
            subject="Cancelled: {meeting} with {host}, {start}",
            heading="{who} cancelled your {meeting}",
            body="{freed}",
            footer="The attached update removes the meeting from your calendar.",
        ),
        "pending": Wording(
            subject="Asked for: {meeting} with {host}, {start}",
            heading="{host} will tell you whether this time suits",
            body=(
                "The time is kept for you until {until}. It is not confirmed yet: you get another mail either way."
            ),
            footer="You receive this because you asked for a meeting.",
        ),
        "failed": Wording(
            subject="Not booked: {meeting} with {host}, {start}",
            heading="Your {meeting} was not booked",
            body=(
                "{why}\n\nNothing was booked, the time was given back, and you need not cancel anything.\n\n{what_now}"
            ),
        ),
        "move_failed": Wording(
            subject="Not moved: {meeting} with {host} stays at {start}",
            heading="Your {meeting} was not moved",
            body=(
                "The new time, {wanted}, could not be confirmed. {why}\n\n"
                "Your booking stands as it was, with the same link."
            ),
        ),
        "reassigned": Wording(
            subject="New host: {meeting} with {host}, {start}",
            heading="Your {meeting} is with {host} now",
            body="{what_stays}",
            footer="The attached update changes the meeting in your calendar.",
        ),
        "new_link": Wording(
            subject="New link: {meeting} with {host}, {start}",
            heading="Your {meeting} with {host} has a new link",
            body="The former link stopped working, so a new one was made and tested. The time stays as it is.",
            footer="The attached update puts the new link into your calendar.",
        ),
        "left": Wording(
            subject="Given back: {meeting} with {host}, {start}",
            heading="Your seat in this session of {meeting} was given back",
            body="You have a seat in another session now; another mail has its time and its invite.",
            footer="The attached update removes the old session from your calendar.",
        ),
    },
)
