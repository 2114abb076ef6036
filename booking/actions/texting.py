"""Text the client who asked for it: confirmed, moved, cancelled, coming up. Beside the mail, never in its place."""

from django.db import transaction

from audit.api import Action, Irreversible, Json, StepContext
from booking import messages as compose
from booking.actions.target import Target, asked, target_of
from booking.facts import booking_facts
from booking.messages import TextWhat
from booking.models import TextConsent
from providers.api import deliver_text, queue_text, texts_are_on, withdraw_texts


def text(context: StepContext) -> dict[str, Json]:
    """Send one text about what the run did, once; nothing where the client did not ask, or texts are off by now."""
    what = _what(context)
    target = target_of(context)
    if what is None or (target.is_withdrawn and what != "cancelled"):
        withdraw_texts(f"step{context.step_id}:", because="The booking was cancelled before this text left.")
        return {"skipped": target.booking.status}
    return _sent(context, target, what)


def correct(context: StepContext) -> dict[str, Json]:
    """Text how the booking stands, whatever was sent before."""
    target = target_of(context)
    return _sent(context, target, "cancelled" if target.is_withdrawn else "confirmed", suffix="correction")


def _sent(context: StepContext, target: Target, what: TextWhat, *, suffix: str = "") -> dict[str, Json]:
    number = TextConsent.objects.filter(booking=target.booking.pk).values_list("number", flat=True).first()
    if not number or not texts_are_on():
        return {"skipped": "no texts"}
    draft = compose.text_for_attendee(booking_facts(target.booking), what=what, number=number)
    with transaction.atomic():
        pk = queue_text(
            draft,
            booking_uid=target.booking.uid,
            dedupe_key=f"step{context.step_id}{suffix}:{draft.kind}",
            now=context.now,
        )
    return {"text": str(pk), "repeats": asked(lambda: deliver_text(pk, now=context.now))}


def _what(context: StepContext) -> TextWhat | None:
    """Return what the run has to say; None for a reminder that was not sent."""
    if context.workflow == "cancellation":
        return "cancelled"
    if context.workflow == "reminder":
        return None if "skip" in context.results.get("send_reminder", {"skip": ""}) else "reminder"
    return "moved" if context.payload.get("move") else "confirmed"


send_text = Action(
    name="send_text",
    sentence="Sent the client a text",
    call=text,
    undo=Irreversible(
        because="A text that was sent cannot be unsent.",
        consequence="A text that says how the booking stands is sent.",
        correct=correct,
    ),
)
