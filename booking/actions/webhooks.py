"""Tell the business's own programs by signed webhook."""

from django.db import transaction

from audit.api import Action, Irreversible, Json, Permanent, StepContext, Transient
from booking import messages as compose
from booking.actions.target import asked, target_of
from booking.facts import booking_facts, host_facts
from providers.api import (
    Notified,
    deliver_notice,
    has_webhook_endpoints,
    queue_notices,
    withdraw_notices,
)


def notify(context: StepContext) -> dict[str, Json]:
    """Post the event to every endpoint that wants it; each keyed, so a receiver can tell a repeat."""
    if not has_webhook_endpoints():
        return {"notices": []}
    target = target_of(context, to_tell=True)
    if target.is_withdrawn and not context.payload.get("by"):
        withdraw_notices(
            f"step{context.step_id}", because="The booking was cancelled before this notice left."
        )
        return {"skipped": target.booking.status}
    facts = booking_facts(target.booking)
    if context.payload.get("by"):
        event = "booking.cancelled"
        data = compose.booking_cancelled(
            facts, by=context.payload["by_whom"], reason=target.booking.cancel_reason
        )
    elif target.move and target.move.handover:
        event = "booking.reassigned"
        data = compose.booking_reassigned(facts, before=host_facts(target.move.handover[0]))
    elif target.move:
        event = "booking.rescheduled"
        data = compose.booking_rescheduled(
            facts, previous_starts_at=target.move.from_starts_at, previous_ends_at=target.move.from_ends_at
        )
    else:
        event, data = "booking.confirmed", compose.booking_confirmed(facts)
    with transaction.atomic():
        ids = queue_notices(
            event,
            booking_uid=target.booking.uid,
            data=data,
            dedupe_key=f"step{context.step_id}",
            now=context.now,
        )
    first_failure: Transient | Permanent | None = None
    for pk in ids:  # one receiver that is down keeps no other waiting
        try:
            _deliver(pk, context)
        except (Transient, Permanent) as failure:
            if first_failure is None or isinstance(failure, Transient):
                first_failure = failure
    if first_failure:
        raise first_failure
    return {"event": event, "notices": [str(pk) for pk in ids]}


def _deliver(notice_id: int, context: StepContext) -> Notified:
    context.alive()
    return asked(lambda: deliver_notice(notice_id, now=context.now))


notify_webhooks = Action(
    name="notify_webhooks",
    sentence="Told the connected programs",
    call=notify,
    undo=Irreversible(
        because="A webhook that was received cannot be unsent.",
        consequence="Nothing is sent; what happens next is announced by its own event.",
    ),
)
