"""A step that failed for good, in plain words: what happened, what it means for clients, who repairs it.

What failed closed says so here: a booking without a proven link was given back by the failing run itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from booking.ways import CHOICES
from kernel.reasons import Reason

ANSWERS = frozenset({Reason.CALENDAR_BUSY, Reason.SLOT_TAKEN, Reason.HOST_BUSY, Reason.SEATS_FULL})
REPAIR_FAILED = "repair_failed"  # written down, and not told: the fault that it was for was
REFUSED = "rejected"  # the other side understood and refuses: repeating it will not help


@dataclass(frozen=True)
class Failed:
    """A failed step as plain values. `about` e.g. "Ben’s intro call on Tue 24 Nov 14:30"; `subject` of its run.

    `closed` says how the promise was kept all the same, or ""; `way` is how people meet ("the built-in room");
    `gave_way`: another one is tried instead.
    """

    workflow: str
    action: str
    did: str
    code: str
    subject: str
    about: str
    host: str
    host_id: int | None
    way: str
    way_kind: str
    closed: str
    undoing: bool = False
    gave_way: bool = False


@dataclass(frozen=True)
class Told:
    """An incident in words. `repair` names what the fixer can do about it, "" is for a person."""

    kind: str
    subject: str
    title: str
    consequence: str
    repair: str = ""


def is_answer(code: str) -> bool:
    """Say whether a required step did not fail but answered: the time is taken. That is no fault."""
    return code in ANSWERS


def in_words(failed: Failed) -> Told:
    """Return the incident of a failed step."""
    if failed.undoing:
        return Told(
            "undo_failed",
            failed.subject,
            f"Taking back did not work: “{failed.did}” of {failed.about}.",
            "What the step did still stands. Somebody has to take it back by hand.",
        )
    if failed.workflow == "fixer":
        return Told(
            REPAIR_FAILED,
            failed.subject,
            f"A repair did not work: “{failed.did}”.",
            "The fault that it was for stands, and has its own incident. It is tried three times a day at most.",
        )
    if failed.action in _MAILS:
        return _unsent(failed)
    found = _GAVE_WAY if failed.gave_way else _BY_ACTION.get(failed.action, _OTHER)
    subject = {"provider": f"provider:{failed.way_kind}", "webhooks": "webhooks", "host": _host(failed)}
    return Told(
        found.kind,
        subject.get(found.subject, failed.subject),
        _filled(found.title, failed),
        _filled(found.consequence, failed),
        "" if failed.code == REFUSED else found.repair,
    )


_MAILS: Mapping[str, str] = {
    "send_confirmation": "It stands, but the client or a host may not have the confirmation.",
    "send_cancellation": "It is cancelled and its time is free, but the client or a host may not know it.",
    "send_reminder": "It stands, but somebody was not reminded of it.",
    "notify_team": "The client and the hosts are not concerned; the team was not told.",
}
_MAIL_WORDS: Mapping[str, str] = {
    "send_confirmation": "The confirmation",
    "send_cancellation": "The cancellation mail",
    "send_reminder": "The reminder",
    "notify_team": "The team’s notice",
}


def _unsent(failed: Failed) -> Told:
    """An address that is refused concerns one booking; a mail server that does not take mail concerns all."""
    words = f"{_MAIL_WORDS[failed.action]} of {failed.about} could not be sent"
    if failed.code == REFUSED:
        return Told(
            "address_refused",
            failed.subject,
            f"{words}: the address is refused.",
            f"{_MAILS[failed.action]} Ask for another address, or call.",
        )
    repair = "" if failed.action == "send_reminder" else "unsent_message"
    return Told("unsent_message", failed.subject, f"{words}.", _MAILS[failed.action], repair)


@dataclass(frozen=True)
class _Row:
    kind: str
    subject: str
    title: str
    consequence: str
    repair: str = ""


_NO_LINK = _Row(
    "meeting_link_failed",
    "provider",
    "A link in {way} could not be made to work.",
    "{closed} Until this is repaired nobody can book a meeting there: nothing is confirmed without a working link.",
)
_GAVE_WAY = _Row(
    "meeting_link_failed",
    "provider",
    "A link in {way} could not be made to work.",
    "The meeting type’s next way to meet is tried instead, for each booking until this is repaired.",
)
_OLD_LINK = _Row(
    "leftover_link",
    "run",
    "The old link of {about} could not be cancelled.",
    "It leads to a meeting that does not take place; nobody is sent there any more.",
)
_BY_ACTION: Mapping[str, _Row] = {
    "check_calendars": _Row(
        "calendar_unreadable",
        "host",
        "{host}’s calendar could not be asked.",
        "{closed} A calendar that cannot be read never counts as empty: {host}’s times are withheld meanwhile.",
    ),
    **dict.fromkeys((action for pair in CHOICES for action in pair), _NO_LINK),
    "discard_unused_links": _Row(
        "leftover_link",
        "run",
        "What was begun for {about} another way could not be cancelled.",
        "Nobody was sent there. Delete the meeting at the provider by hand.",
    ),
    "confirm_booking": _Row(
        "too_slow",
        "run",
        "{about} took longer than its time may be held.",
        "{closed} If this happens again, ask the operator whether the service is overloaded.",
    ),
    "write_calendar_event": _Row(
        "missing_calendar_event",
        "run",
        "{about} could not be written into {host}’s calendar.",
        "It stands, and its time is blocked here; but {host}’s calendar does not show it.",
        "missing_calendar_event",
    ),
    "delete_calendar_event": _Row(
        "leftover_calendar_event",
        "run",
        "{about} could not be taken out of {host}’s calendar.",
        "Its time is free here, but {host}’s calendar still shows it. Delete the event there by hand.",
    ),
    "cancel_meeting": _OLD_LINK,
    "retire_old_link": _OLD_LINK,
    "notify_webhooks": _Row(
        "unsent_webhook",
        "webhooks",
        "A connected program could not be told about {about}.",
        "Clients are not concerned. The program does not know what happened since.",
        "unsent_webhook",
    ),
}
_OTHER = _Row("step_failed", "run", "“{did}” did not work: {about}.", "{closed}")


def _filled(text: str, failed: Failed) -> str:
    return text.format(
        about=failed.about,
        host=failed.host,
        way=failed.way,
        did=failed.did,
        closed=failed.closed or "Nothing that was promised to a client is changed.",
    ).strip()


def _host(failed: Failed) -> str:
    return f"host:{failed.host_id}" if failed.host_id is not None else failed.subject
