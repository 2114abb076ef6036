"""Prove that the meeting link is joinable, and store the proof. Without it nothing is confirmed."""

from functools import partial

from django.db.models import Q

from audit.api import Action, NoEffect, StepContext, Transient
from booking.actions.meeting_link import link_in_use, request_of
from booking.actions.target import asked, target_of
from booking.models import Meeting, Move
from booking.ways import CHOICES, Way, ways_of
from providers.api import MeetingLink, meeting_provider


def prove(number: int, context: StepContext) -> dict[str, object]:
    """Try the link of the run's way of that number (from 0) as a person would, over HTTP; anything but this very
    meeting is a failure. A session that got its link another way meanwhile is proven there."""
    target = target_of(context)
    ways = ways_of(context.payload, target.meeting)
    way, other = ways[number], link_in_use(target, ways[number])
    made = context.results[CHOICES[number][0]]
    link = other or MeetingLink(kind=made["kind"], key=made["key"], url=made["url"])
    detail = target.meeting.link_detail if other else way.detail
    request = request_of(target, Way(link.kind, link.key, detail))
    proof = asked(
        lambda: meeting_provider(link.kind).prove(link, request, now=context.now), code="link_unverified"
    )
    begun = ((each.kind, each.key) for each in ways[: number + 1])
    return {
        "kind": link.kind,
        "detail": detail,
        "url": proof.url,
        "key": link.key,
        "checked_at": proof.checked_at.isoformat(),
        "starts_at": target.starts_at.isoformat(),
        "evidence": dict(proof.evidence),
        "unused": [list(each) for each in begun if each != (link.kind, link.key)],
    }


def store(context: StepContext) -> None:
    """Keep link and proof with the meeting (or session), or with the move until that is confirmed.

    Raises Transient where the run of another seat gave the session another link meanwhile: that one is proven then.
    """
    target = target_of(context)
    values = {
        "join_url": context.result["url"],
        "link_key": context.result["key"],
        "link_proved_at": context.result["checked_at"],
        "link_proof": dict(context.result),
    }
    if target.move and not target.move.is_seat:
        Move.objects.filter(pk=target.move.pk, status=Move.Status.HELD).update(**values)
        return
    mine = Q(link_proved_at=None) | Q(link_key=values["link_key"])
    if not Meeting.objects.filter(mine, pk=target.meeting.pk).update(**values):
        raise Transient("The session got its link another way at the same moment.", code="link_unverified")


verify_link = Action(
    name="verify_link",
    sentence="Tested that the link can be joined",
    call=partial(prove, 0),
    write=store,
    undo=NoEffect(),
)
