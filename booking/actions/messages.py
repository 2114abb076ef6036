"""Tell people by mail. What was sent cannot be unsent: undo sends a correction and is called that."""

from collections.abc import Mapping, Sequence

from accounts.api import User
from audit.api import Action, Irreversible, Json, StepContext
from booking import messages as compose
from booking.actions.confirming import confirming
from booking.actions.target import Target, failure_of, target_of
from booking.facts import booking_facts
from booking.messages import BookingFacts, What
from providers.api import (
    Delivery,
    MessageDraft,
    Person,
    ProviderError,
    Queued,
    deliver_in_turn,
    withdraw_messages,
)

_NOTHING: Mapping[str, Sequence[MessageDraft]] = {}


def confirmation(context: StepContext) -> dict[str, Json]:
    """Send the confirmation (or what moved) with its invite to the attendee, the guests and each host; of what was
    cancelled since, only what the cancellation does not say."""
    target = target_of(context, to_tell=True)
    drafts = confirming(target, now=context.now)
    if target.is_withdrawn:
        said = skipped(context, target, but=drafts)
        return send(context, drafts) if drafts else said
    return send(context, drafts)


def cancellation(context: StepContext) -> dict[str, Json]:
    """Send the cancellation with its invite update (METHOD:CANCEL) to the attendee, the guests and each host."""
    target = target_of(context, to_tell=True)
    facts = booking_facts(target.booking)
    by = context.payload.get("by_whom", "business")
    reason = target.booking.cancel_reason
    drafts = [compose.cancellation_for_attendee(facts, by=by, reason=reason, now=context.now)]
    drafts += [
        compose.cancellation_for_host(facts, host, by=by, reason=reason, now=context.now)
        for host in facts.hosts
    ]
    drafts += [compose.cancellation_for_guest(facts, guest, now=context.now) for guest in facts.guests]
    return send(context, {target.booking.uid: drafts})


def team(context: StepContext) -> dict[str, Json]:
    """Tell the owners and administrators of the business in one short mail each."""
    target = target_of(context, to_tell=True)
    if target.is_withdrawn and not context.payload.get("by"):
        return skipped(context, target)
    facts = booking_facts(target.booking)
    what: What = "cancelled" if context.payload.get("by") else "confirmed"
    if context.payload.get("declined"):
        what = "declined"
    if target.move:
        what = "reassigned" if target.move.is_reassignment else "moved"
    drafts = [compose.team_notice(facts, what=what, to=person) for person in team_members()]
    return send(context, {target.booking.uid: drafts})


def correction(context: StepContext) -> dict[str, Json]:
    """Send the correction of a message that cannot be unsent: how the booking really stands, once more."""
    target = target_of(context, to_tell=True)
    facts = booking_facts(target.booking)
    return send(context, {target.booking.uid: [correcting(facts, target, context)]}, suffix="correction")


def correcting(facts: BookingFacts, target: Target, context: StepContext) -> MessageDraft:
    """Return the attendee's message that tells how the booking stands now, whatever was sent before."""
    if target.is_withdrawn:
        return compose.cancellation_for_attendee(facts, by="business", reason="", now=context.now)
    return compose.confirmation_for_attendee(facts, now=context.now)


def skipped(
    context: StepContext, target: Target, *, but: Mapping[str, Sequence[MessageDraft]] = _NOTHING
) -> dict[str, Json]:
    """Send nothing, and withdraw what an earlier attempt of this step had queued, `but` these drafts."""
    withdraw_messages(
        f"step{context.step_id}:",
        because="The booking was cancelled before this mail left.",
        but=[each.dedupe_key for each in _queued(context, but)],
    )
    return {"skipped": target.booking.status}


def send(
    context: StepContext, drafts: Mapping[str, Sequence[MessageDraft]], *, suffix: str = ""
) -> dict[str, Json]:
    """Queue the drafts of each booking (by uid) once, whatever is retried, then deliver them; returns their ids
    and repeats."""
    return deliver(context, _queued(context, drafts, suffix))


def _queued(
    context: StepContext, drafts: Mapping[str, Sequence[MessageDraft]], suffix: str = ""
) -> list[Queued]:
    return [
        Queued(draft, uid, f"step{context.step_id}{suffix}:{draft.kind}:{draft.to_address}")
        for uid, of_booking in drafts.items()
        for draft in of_booking
    ]


def deliver(context: StepContext, wanted: Sequence[Queued]) -> dict[str, Json]:
    """Queue these once and deliver them; returns their ids and repeats. One that fails does not keep the others
    waiting, and fails the step afterwards: for now where any may still succeed, else for good."""
    outcomes = deliver_in_turn(wanted, now=context.now, alive=context.alive)
    failures = [each for each in outcomes.values() if isinstance(each, ProviderError)]
    if failures:
        first = next((each for each in failures if each.is_transient), failures[0])
        raise failure_of(first) from first
    repeats = sum(each.repeats for each in outcomes.values() if isinstance(each, Delivery))
    return {"messages": [str(pk) for pk in outcomes], "repeats": repeats}


def team_members() -> list[Person]:
    """Return the owners and administrators who are told what happens."""
    users = User.objects.filter(role__in=["owner", "admin"], is_active=True).order_by("pk")
    return [Person(name=user.name, email=user.email) for user in users]


_SENT = "A mail that was sent cannot be unsent."
send_confirmation = Action(
    name="send_confirmation",
    sentence="Sent the confirmation and invite",
    call=confirmation,
    undo=Irreversible(
        because=_SENT, consequence="A mail that says how the booking stands is sent.", correct=correction
    ),
)
send_cancellation = Action(
    name="send_cancellation",
    sentence="Sent the cancellation and invite update",
    call=cancellation,
    undo=Irreversible(
        because=_SENT, consequence="A mail that says how the booking stands is sent.", correct=correction
    ),
)
notify_team = Action(
    name="notify_team",
    sentence="Told the team",
    call=team,
    undo=Irreversible(because=_SENT, consequence="Nothing is sent; the team sees what ran here."),
)
