"""New booking: a slot was held -> the meeting, its proof, confirmed, everyone told. Also runs a move: a reschedule,
a seat that goes to another session, a meeting that goes to another host.

On failure of a required step the slot is released, what was started is undone backwards, and the client is told.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from audit.api import (
    Actor,
    Beginning,
    Run,
    Step,
    StepContext,
    UndoPreview,
    Workflow,
    begin_run,
    register_workflow,
    start_run,
)
from booking.actions.approval import approve_booking, ask_host
from booking.actions.calendar_event import write_calendar_event
from booking.actions.check_calendars import check_calendars
from booking.actions.choices import (
    create_second_choice,
    create_third_choice,
    discard_unused_links,
    verify_second_choice,
    verify_third_choice,
)
from booking.actions.confirm_booking import confirm_booking
from booking.actions.meeting_link import create_meeting, first_link_key, link_key, retire_old_link
from booking.actions.messages import notify_team, send_confirmation
from booking.actions.target import target_of
from booking.actions.texting import send_text
from booking.actions.verify_link import verify_link
from booking.actions.webhooks import notify_webhooks
from booking.errors import WORDS
from booking.guard import call
from booking.models import Booking, EventType, Host, Meeting, MeetingHost, Move
from booking.moves_in_words import MOVE_IN_WORDS, move_preview, move_sentence
from booking.places import Connected, Place, Wanted
from booking.sentences import booking_sentence, when
from booking.signing import subject_of
from booking.texting import wants_texts
from booking.ways import CHOICES, fallback_words, has_hosts_own_link, kinds_of, kinds_to_try, links_of
from jobs.api import enqueue
from kernel.reasons import Reason
from providers.api import has_calendars, has_webhook_endpoints

NAME = "new_booking"


def start_new_booking(
    booking: Booking,
    *,
    actor: Actor,
    now: datetime,
    move: Move | None = None,
    reverses: Run | None = None,
    hosts: Collection[Host] | None = None,
    texts: bool = False,
) -> Run:
    """Start the run of a booking that awaits its link, or of a move; in the caller's transaction.

    Without a link to make and without calendars to ask, the booking is confirmed right here, by the same action,
    and `booking` says so. `hosts`: of its meeting, from who knows them already. A pending booking's run only asks
    the host; the rest begins with their approval (`start_approved`).
    """
    if booking.status == Booking.Status.PENDING:
        return _start_asking(booking, actor=actor, now=now)
    known = move or reverses  # a booking that stood before: its client said then whether they want texts
    return _start(
        booking,
        actor=actor,
        now=now,
        move=move,
        reverses=reverses,
        hosts=hosts,
        texts=wants_texts(booking.pk) if known else texts,
    )


def start_approved(booking: Booking, *, actor: Actor, now: datetime) -> Run:
    """Accept a pending booking and start the run that makes it, in the caller's transaction; raises `NotChangeable`."""
    return _start(booking, actor=actor, now=now, approved=True, texts=wants_texts(booking.pk))


def begin_new_booking(
    place: Place, wanted: Wanted, meeting_uid: str, *, actor: Actor, now: datetime
) -> Beginning | None:
    """Return the run of a booking that is about to take a place, for the statement that takes it; None where it
    depends on who gets it (calendars of some hosts only) or on what is there (a session to join).

    A run with the step `confirm_booking` done wants the booking confirmed from its first moment.
    """
    event_type = place.event_type
    if place.connected is None or wanted.request is None or event_type.kind == EventType.Kind.GROUP:
        return None
    subject = subject_of(meeting_uid)
    if wanted.status == Booking.Status.PENDING:
        asking = {"booking": wanted.uid} | _ASKS
        return begin_run(WORKFLOW, subject=subject, payload=asking, actor=actor, now=now, without=_UNASKED)
    makes_link = event_type.location_kind in EventType.ONLINE
    ways = kinds_of(event_type, event_type.location_kind) if makes_link else []
    without, at_once = _plan(ways, place.connected, texts=bool(wanted.request.phone))
    payload: dict[str, Any] = {"booking": wanted.uid, "link_key": first_link_key(meeting_uid)}
    payload |= {"ways": ways} if len(ways) > 1 else {}
    return begin_run(
        WORKFLOW, subject=subject, payload=payload, actor=actor, now=now, without=without, at_once=at_once
    )


def _start_asking(booking: Booking, *, actor: Actor, now: datetime) -> Run:
    return start_run(
        WORKFLOW,
        subject=subject_of(booking.meeting.uid),
        payload={"booking": booking.uid} | _ASKS,
        actor=actor,
        now=now,
        without=_UNASKED,
    )


def _start(
    booking: Booking,
    *,
    actor: Actor,
    now: datetime,
    move: Move | None = None,
    reverses: Run | None = None,
    hosts: Collection[Host] | None = None,
    approved: bool = False,
    texts: bool = False,
) -> Run:
    meeting = move.meeting if move else booking.meeting
    concerned = [host.pk for host in hosts] if hosts is not None else _concerned(meeting, move)
    connected = Connected(bool(has_calendars(concerned)), has_webhook_endpoints())
    makes_link = has_hosts_own_link(meeting) if move and move.is_reassignment else meeting.is_online
    ways = kinds_to_try(meeting, move) if makes_link else []
    texts = texts and not (move and move.is_reassignment)
    without, at_once = _plan(ways, connected, moves=move is not None, approved=approved, texts=texts)
    payload: dict[str, Any] = {"booking": booking.uid, "link_key": link_key(meeting, move)}
    if makes_link and ways != [meeting.location_kind]:
        payload["ways"] = ways
    if move:
        left = move.from_meeting or meeting
        payload |= {"move": move.pk, "old_links": links_of(left)}
        payload |= {"reassignment": True} if move.is_reassignment else {}
    run = start_run(
        WORKFLOW,
        subject=subject_of(meeting.uid),
        payload=payload,
        actor=actor,
        now=now,
        reverses=reverses,
        without=without,
        at_once=at_once,
    )
    if confirm_booking.name in at_once and move is None:
        booking.status, booking.expires_at = Booking.Status.CONFIRMED, None
        booking.__dict__.pop("confirmed_at", None)  # by the database's clock: who asks for it reads it
    return run


def _plan(
    ways: Sequence[str],
    connected: Connected,
    *,
    moves: bool = False,
    approved: bool = False,
    texts: bool = False,
) -> tuple[set[str], set[str]]:
    """Return the steps that a run does not need, and those that are done at once. `ways`: kinds of links to try."""
    without = set() if connected.calendars else {check_calendars.name, write_calendar_event.name}
    without |= set() if connected.programs else {notify_webhooks.name}
    without |= set() if texts else {send_text.name}
    without |= {name for pair in CHOICES[len(ways) :] for name in pair}
    if len(ways) < 2:
        without.add(discard_unused_links.name)
    if not (moves and ways):
        without.add(retire_old_link.name)
    without |= {ask_host.name} if approved else {ask_host.name, approve_booking.name}
    at_once = {approve_booking.name} if approved else set()
    if not (connected.calendars or ways):
        at_once.add(confirm_booking.name)
    return without, at_once


def _concerned(meeting: Meeting, move: Move | None) -> list[int]:
    """Return whose calendars a run may have to ask or write: the hosts there are, were and shall be."""
    meetings = [meeting.pk, *([move.from_meeting_id] if move and move.from_meeting_id else [])]
    hosts = MeetingHost.objects.filter(meeting__in=meetings).values_list("host_id", flat=True)
    return [*hosts, *([move.host_id] if move and move.host_id is not None else [])]


def deadline(payload: Mapping[str, Any]) -> datetime:
    """Return when the hold ends, by which everything required must have happened; long ago once it has ended, so
    that a late run makes nothing. (Once confirmed nothing required is left.)"""
    if "move" in payload:
        ends = Move.objects.values_list("expires_at", flat=True).get(pk=payload["move"])
    else:
        ends = Booking.objects.values_list("expires_at", flat=True).get(uid=payload["booking"])
    return ends or _OVER


_OVER = datetime.min.replace(tzinfo=UTC)
_UNPROVEN = Reason.LINK_UNVERIFIED
_NO_LINK_THERE = (
    "A meeting link in the new host’s account could not be made to work, so the meeting stays as it is."
)
_TOOK_TOO_LONG = "It took longer than the new host’s time is held for, so the meeting stays as it is."
_NOT_REASSIGNED = {
    Reason.CALENDAR_BUSY: "The new host’s calendar is busy then by now, so the meeting stays as it is.",
    Reason.CALENDAR_STALE: "The new host’s calendar cannot be read right now, so the meeting stays as it is.",
}


def fail(context: StepContext, code: str, _words: str) -> None:
    """Give the slot back, or leave the old time standing, and have those concerned told; in the failing transaction.
    What was to be taken back is cancelled again, as it was.
    """
    target = target_of(context)
    reason = Reason(code) if code in set(Reason) else Reason.LINK_UNVERIFIED
    told = WORDS[reason]
    if "reassignment" in context.payload:
        told = _NOT_REASSIGNED.get(reason, told)
        if reason == _UNPROVEN:
            told = _NO_LINK_THERE if has_hosts_own_link(target.meeting) else _TOOK_TOO_LONG
    if target.move:
        call("fail_move_v1", target.move.pk, reason.value, told)
        if target.is_withdrawn:  # what was to move was cancelled, and its cancellation tells everyone
            return
        Move.objects.filter(pk=target.move.pk, failure_words="").update(
            failure_code=reason.value, failure_words=told
        )
    else:
        call("release_v1", target.booking.pk, ["awaiting_link"], "failed", reason.value, told, "")
        lost = Booking.objects.filter(pk=target.booking.pk, status=Booking.Status.FAILED, failure_words="")
        lost.update(failure_code=reason.value, failure_words=told)
    enqueue("tell_failed", ref=str(context.run_id), now=context.now)


def sentence(run: Run) -> str:
    """Return the run in words."""
    if "move" in run.payload:
        move = Move.objects.select_related(*MOVE_IN_WORDS).get(pk=run.payload["move"])
        return f"{move_sentence(move)}{fallback_words(run)}"
    booking = Booking.objects.select_related("meeting__event_type").get(uid=run.payload["booking"])
    if "asks" in run.payload:
        return f"Asked the host to approve {booking_sentence(booking)} on {when(booking.meeting.starts_at)}"
    verb = {Run.State.RUNNING: "Confirming", Run.State.DONE: "Confirmed"}.get(run.state, "Could not confirm")  # type: ignore[call-overload]
    start = (
        Move.objects.filter(booking=booking, status="confirmed", host=None)
        .order_by("pk")
        .values_list("from_starts_at", flat=True)
        .first()
    )
    return f"{verb} {booking_sentence(booking)} on {when(start or booking.meeting.starts_at)}{fallback_words(run)}"


def preview(run: Run, now: datetime) -> UndoPreview:
    """Say what undoing would do: cancel the booking, or move it back."""
    booking = Booking.objects.select_related("meeting").get(uid=run.payload["booking"])
    meeting = booking.meeting
    if "asks" in run.payload:
        return UndoPreview(
            possible=False,
            because="A question that was sent cannot be unsent. Approve or decline on the booking’s page.",
        )
    if booking.status != Booking.Status.CONFIRMED:
        return UndoPreview(
            possible=False, because=f"The booking is {booking.status.replace('_', ' ')} by now."
        )
    if meeting.starts_at <= now:
        return UndoPreview(possible=False, because="The meeting has started or is over.")
    if "move" in run.payload:
        return move_preview(
            booking, Move.objects.select_related(*MOVE_IN_WORDS).get(pk=run.payload["move"]), now
        )
    return UndoPreview(
        possible=True,
        consequences=(
            f"The booking on {when(meeting.starts_at)} is cancelled and its time is open to everyone at once.",
            "The meeting link stops working and the event leaves the host’s calendar.",
            "The client and the hosts get a cancellation mail: the confirmation cannot be unsent, so it is corrected.",
        ),
    )


def undo(run: Run, actor: Actor, now: datetime) -> Run:
    """Cancel the booking, or move it back through the guard; in the caller's transaction."""
    from booking.cancelling import cancel_within  # cancelling starts runs of this module's opposite
    from booking.moving import move_back_within
    from booking.reassigning import reassign_back_within

    booking = Booking.objects.select_related("meeting__event_type").get(uid=run.payload["booking"])
    if "move" in run.payload:
        move = Move.objects.select_related(*MOVE_IN_WORDS).get(pk=run.payload["move"])
        back = reassign_back_within if move.is_reassignment else move_back_within
        return back(booking, move, actor=actor, now=now, reverses=run)
    return cancel_within(booking, reason="", by="undo", actor=actor, now=now, reverses=run)


WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(ask_host, attempts=12, back_off=2.0),
            Step(approve_booking, required=True),
            Step(check_calendars, required=True, attempts=2, back_off=0.5),
            Step(create_meeting, required=True, attempts=3, back_off=0.5, branch=1),
            Step(verify_link, required=True, attempts=3, back_off=0.5, branch=1),
            Step(create_second_choice, required=True, attempts=3, back_off=0.5, branch=2),
            Step(verify_second_choice, required=True, attempts=3, back_off=0.5, branch=2),
            Step(create_third_choice, required=True, attempts=3, back_off=0.5, branch=3),
            Step(verify_third_choice, required=True, attempts=3, back_off=0.5, branch=3),
            Step(confirm_booking, required=True),
            Step(send_confirmation, attempts=12, back_off=2.0, own_undo=True),
            Step(send_text, attempts=8, back_off=2.0, own_undo=True),
            Step(write_calendar_event, attempts=12, back_off=2.0, own_undo=True),
            Step(retire_old_link, attempts=6, back_off=2.0, own_undo=True),
            Step(notify_team, attempts=12, back_off=2.0, own_undo=True),
            Step(notify_webhooks, attempts=8, back_off=2.0, own_undo=True),
            Step(discard_unused_links, attempts=10, back_off=2.0, own_undo=True, on_giving_way=True),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
        fail=fail,
        deadline=deadline,
    )
)
_ASKS = {"asks": True}
_UNASKED = {step.action.name for step in WORKFLOW.steps} - {ask_host.name}
