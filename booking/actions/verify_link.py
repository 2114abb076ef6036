"""Prove that the meeting link is joinable, and store the proof. Without it nothing is confirmed."""

from audit.api import Action, NoEffect, StepContext
from booking.actions.meeting_link import link_of, request_of
from booking.actions.target import asked, target_of
from booking.models import Meeting, Move
from providers.api import meeting_provider


def prove(context: StepContext) -> dict[str, object]:
    """Try the link as a person would, over HTTP; anything but this very meeting is a failure."""
    target = target_of(context)
    provider = meeting_provider(target.meeting.location_kind)
    request, link = request_of(context, target), link_of(context, target)
    proof = asked(lambda: provider.prove(link, request, now=context.now), code="link_unverified")
    return {
        "url": proof.url,
        "key": link.key,
        "checked_at": proof.checked_at.isoformat(),
        "starts_at": target.starts_at.isoformat(),
        "evidence": dict(proof.evidence),
    }


def store(context: StepContext) -> None:
    """Keep link and proof with the meeting (or session), or with the move until that is confirmed."""
    target = target_of(context)
    values = {
        "join_url": context.result["url"],
        "link_key": context.result["key"],
        "link_proved_at": context.result["checked_at"],
        "link_proof": dict(context.result),
    }
    if target.move and not target.move.is_seat:
        Move.objects.filter(pk=target.move.pk, status=Move.Status.HELD).update(**values)
    else:
        Meeting.objects.filter(pk=target.meeting.pk).update(**values)


verify_link = Action(
    name="verify_link",
    sentence="Tested that the link can be joined",
    call=prove,
    write=store,
    undo=NoEffect(),
)
