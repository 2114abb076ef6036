"""Remind of a meeting: look whether it still stands, prove its link once more, and only then write to people.

Each step looks anew, because hours may lie between two tries: a booking that moved, died or began is never
reminded of, and a link that is not joinable is waited for, until the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audit.api import Action, Actor, Irreversible, NoEffect, StepContext, Transient, get_step
from booking import messages as compose
from booking.actions.messages import correction, send
from booking.facts import booking_facts, load_booking
from booking.incidents import open_incident, resolve_incident
from booking.models import Booking, EventType, Meeting, Reminder
from booking.reminding import BEGAN, MOVED, why_not
from booking.sentences import booking_sentence, when
from booking.signing import subject_of
from providers.api import (
    MeetingLink,
    MeetingRequest,
    Message,
    ProviderError,
    meeting_provider,
    withdraw_messages,
)

PROOF_LASTS = timedelta(minutes=10)
NEVER_JOINABLE = "Its link could not be joined before the meeting began."
DEAD_LINK = "dead_room_link"
AUTOMATION = Actor(type="automation", id="reminder")
_FIRST_PAUSE, _LONGEST_PAUSE = 15, 300


@dataclass(frozen=True)
class Due:
    """What a run reminds of. `skip` says in words why it must not, "" when it may."""

    reminder: Reminder
    booking: Booking
    skip: str

    @property
    def meeting(self) -> Meeting:
        """The meeting, as it stands now."""
        return self.booking.meeting


def due_of(context: StepContext) -> Due:
    """Load the reminder, and say whether it may still go out."""
    reminder = Reminder.objects.get(pk=context.payload["reminder"])
    booking = load_booking(context.payload["booking"], to_tell=True)
    return Due(reminder, booking, _skip(reminder, booking, context.now))


def _skip(reminder: Reminder, booking: Booking, now: datetime) -> str:
    if reminder.state == Reminder.State.SKIPPED:
        return reminder.because
    lost = why_not(booking)
    if lost:
        return lost
    if booking.meeting.starts_at != reminder.starts_at:
        return MOVED
    if booking.meeting.starts_at <= now:
        return BEGAN
    others = Reminder.objects.filter(booking=booking, state=Reminder.State.DUE, due_at__lte=now)
    if others.filter(due_at__gt=reminder.due_at).exists():
        return "A later reminder was due as well."
    return ""


def check(context: StepContext) -> dict[str, Any]:
    """Say whether the booking still stands at the time that it is to be reminded of."""
    it = due_of(context)
    return {"skip": it.skip} if it.skip else {"starts_at": it.meeting.starts_at.isoformat()}


def prove(context: StepContext) -> dict[str, Any]:
    """Try the link as a person would; one that is not joinable is an incident, and is tried until the start."""
    it = due_of(context)
    if it.skip:
        began_waiting = it.skip == BEGAN and get_step(context.step_id).attempts > 1
        return {"skip": NEVER_JOINABLE if began_waiting else it.skip}
    return proof_of(context, it)


def proof_of(context: StepContext, it: Due) -> dict[str, Any]:
    """Return the proof as it is stored with the meeting; raises `Transient` with an incident opened."""
    meeting = it.meeting
    request = MeetingRequest(
        key=meeting.link_key,
        meeting_uid=meeting.uid,
        title=meeting.event_type.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location_detail=meeting.link_detail,
    )
    link = MeetingLink(kind=meeting.link_kind, key=meeting.link_key, url=meeting.join_url)
    try:
        proof = meeting_provider(meeting.link_kind).prove(link, request, now=context.now)
    except ProviderError as error:
        attempts = get_step(context.step_id).attempts
        if attempts > 1 or not error.is_transient:
            open_dead_link(context, it, error.message)
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts - 1, 10))
        left = (meeting.starts_at - context.now).total_seconds()
        raise Transient(error.message, code="link_unverified", retry_after=min(pause, left)) from error
    return {
        **(meeting.link_proof or {}),
        "url": proof.url,
        "key": link.key,
        "checked_at": proof.checked_at.isoformat(),
        "starts_at": meeting.starts_at.isoformat(),
        "evidence": dict(proof.evidence),
    }


def open_dead_link(context: StepContext, it: Due, words: str) -> None:
    """Open the incident of a confirmed meeting whose link cannot be joined; a room's link the fixer repairs."""
    by_fixer = it.meeting.link_kind == EventType.Location.BUILT_IN_ROOM
    open_incident(
        DEAD_LINK,
        subject=subject_of(it.meeting.uid),
        title=f"The link of {booking_sentence(it.booking)} on {when(it.meeting.starts_at)} cannot be joined.",
        consequence="Whoever opens it cannot get in. The reminder waits until the link works again."
        + ("" if by_fixer else " Test the meeting type’s fixed link, and correct it."),
        repair=DEAD_LINK if by_fixer else "",
        run_id=context.run_id,
        details={"code": "link_unverified", "words": words, "link": it.meeting.link_key},
        now=context.now,
    )


def store_proof(context: StepContext, proof: Mapping[str, Any]) -> None:
    """Keep the new proof with the meeting, unless it has another link or start since; the fault is over."""
    meetings = Meeting.objects.filter(
        bookings__uid=context.payload["booking"], link_key=proof["key"], starts_at=proof["starts_at"]
    )
    for meeting in meetings:
        stored = Meeting.objects.filter(pk=meeting.pk, link_key=proof["key"], starts_at=proof["starts_at"])
        stored.update(link_proved_at=proof["checked_at"], link_proof=dict(proof))
        resolve_incident(DEAD_LINK, subject=subject_of(meeting.uid), now=context.now, by=AUTOMATION)


def after_check(context: StepContext) -> None:
    """Write down that the reminder is skipped, if it is."""
    if "skip" in context.result:
        end(context, Reminder.State.SKIPPED, context.result["skip"])


def after_proof(context: StepContext) -> None:
    """Keep the proof, or write down that the reminder is skipped."""
    if "skip" in context.result:
        after_check(context)
    else:
        store_proof(context, context.result)


def remind(context: StepContext) -> dict[str, Any]:
    """Write to the attendee and the guests, once each; a proof that has grown old is made anew first."""
    it = due_of(context)
    if it.skip:
        withdraw_messages(f"step{context.step_id}:", because=it.skip)
        return {"skip": it.skip}
    proof = proof_of(context, it) if it.meeting.is_online and not _is_fresh(it.meeting, context.now) else None
    facts = booking_facts(it.booking)
    drafts = [compose.reminder_for_attendee(facts)]
    drafts += [compose.reminder_for_guest(facts, guest) for guest in facts.guests]
    sent = send(context, {it.booking.uid: drafts})
    return {**sent, "proof": proof} if proof else dict(sent)


def _is_fresh(meeting: Meeting, now: datetime) -> bool:
    return meeting.link_proved_at is not None and now - meeting.link_proved_at < PROOF_LASTS


def after_reminding(context: StepContext) -> None:
    """Write down that the reminder was sent, or skipped."""
    if "skip" in context.result:
        after_check(context)
        return
    if "proof" in context.result:
        store_proof(context, context.result["proof"])
    end(context, Reminder.State.SENT)


def give_up(context: StepContext, words: str) -> None:
    """In the failing transaction: the reminder went to somebody, or is skipped because it went to nobody."""
    mine = Message.objects.filter(booking_uid=context.payload["booking"])
    reached = mine.filter(dedupe_key__startswith=f"step{context.step_id}:", state="sent").exists()
    if reached:
        end(context, Reminder.State.SENT)
    else:
        end(context, Reminder.State.SKIPPED, f"It could not be sent: {words}"[:200])


def end(context: StepContext, state: Reminder.State, because: str = "") -> None:
    """Write how a due reminder ended; one that ended already stays as it is."""
    due = Reminder.objects.filter(pk=context.payload["reminder"], state=Reminder.State.DUE)
    due.update(state=state, because=because, ended_at=context.now)


check_reminder = Action(
    name="check_reminder",
    sentence="Looked whether the meeting still stands",
    call=check,
    write=after_check,
    undo=NoEffect(),
)
prove_link_again = Action(
    name="prove_link_again",
    sentence="Tested once more that the link can be joined",
    call=prove,
    write=after_proof,
    undo=NoEffect(),
)
send_reminder = Action(
    name="send_reminder",
    sentence="Reminded the client and the guests",
    call=remind,
    write=after_reminding,
    undo=Irreversible(
        because="A reminder that was sent cannot be unsent.",
        consequence="A mail that says how the booking stands is sent.",
        correct=correction,
    ),
)
