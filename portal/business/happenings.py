"""What happened to a booking: its runs, and between them what people did, newest first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.api import User
from audit.api import RunView, body_of_entry, entries

# what a page says of the entries that stand outside runs; others are told by the runs
_WORDS = {
    "hold_slot": "Held the time",
    "submit_booking": "Sent the details",
    "release_hold": "Gave the time back",
    "expire_hold": "The deadline passed, and the time was given back",
    "retake_slot": "Took the time again",
    "mark_no_show": "Recorded that the client did not come",
    "undo_no_show": "Recorded that the client did come",
    "complete_booking": "The meeting’s time was over",
    "send_message_again": "Sent the latest message again",
    "send_text_again": "Sent the latest text again",
    "withdraw_text_consent": "Asked for no more texts",
    "send_failure_notice": "Told those concerned that it did not work",
}

_UNDER_WAY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Happening:
    """A run (then `run` is set), or an act: its words, whose it was, and the number of its signed entry."""

    at: datetime
    run: RunView | None = None
    words: str = ""
    by: str = ""
    seq: int = 0


def happenings(
    booking_uid: str, *, subjects: Collection[str], runs: Collection[RunView]
) -> tuple[Happening, ...]:
    """Return runs and acts of one booking, newest first. One query a subject, and one for the users' names.

    A run stands where it ended, so that what started it comes before it; one under way stands on top.
    """
    told = [Happening(at=run.finished_at or _UNDER_WAY, run=run) for run in runs]
    found = [
        (entry, body_of_entry(entry))
        for subject in subjects
        for entry in entries(subject=subject)
        if entry.action in _WORDS
    ]
    mine = [
        (entry, body) for entry, body in found if body["payload"].get("booking", booking_uid) == booking_uid
    ]
    names = _names({body["actor"]["id"] for _, body in mine if body["actor"]["type"] == "user"})
    told += [
        Happening(
            at=entry.created_at, words=_WORDS[entry.action], by=_by(body["actor"], names), seq=entry.seq
        )
        for entry, body in mine
    ]
    return tuple(sorted(told, key=lambda each: each.at, reverse=True))


def _by(actor: Mapping[str, str], names: Mapping[str, str]) -> str:
    match actor["type"]:
        case "user":
            return names.get(actor["id"], "a user")
        case "client":
            return "the client"
        case "api_key":
            return "the API"
    return "the automation"


def _names(ids: Collection[str]) -> dict[str, str]:
    known = User.objects.filter(pk__in=[int(each) for each in ids if each.isdigit()])
    return {str(user.pk): str(user) for user in known} if ids else {}
