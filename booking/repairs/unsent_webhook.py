"""Webhook notices that nobody tries to deliver any more, to endpoints that are still on: posted once more."""

from datetime import timedelta

from audit.api import Action, Irreversible, Json, Run, StepContext
from booking.actions.target import asked
from booking.models import Booking
from booking.repairs.repair import Broken, Repair, Search
from booking.signing import subject_of
from providers.api import Notice, deliver_notice

PATIENCE = timedelta(minutes=10)
FORGOTTEN = timedelta(days=3)
MOST = 50


def find(search: Search) -> list[Broken]:
    """Return the notices of the last three days that wait although no run is at them any more. Three queries."""
    rows = Notice.objects.filter(state__in=("queued", "sending"), created_at__gt=search.now - FORGOTTEN)
    waiting = list(rows.filter(created_at__lte=search.since(PATIENCE)).select_related("endpoint")[:MOST])
    uids = {each.booking_uid for each in waiting}
    subjects = {
        uid: subject_of(meeting)
        for uid, meeting in Booking.objects.filter(uid__in=uids).values_list("uid", "meeting__uid")
    }
    at_it = set(
        Run.objects.filter(subject__in=subjects.values(), state__in=[Run.State.RUNNING, Run.State.FAILING])
        .exclude(workflow="fixer")
        .values_list("subject", flat=True)
    )
    return [
        Broken(
            subjects[each.booking_uid],
            f"notice:{each.pk}",
            f"The webhook {each.event} to {each.endpoint.url} was not received: {each.failed_words or 'it waits'}",
            {"notice": each.pk},
            because=""
            if each.endpoint.active
            else "Its endpoint is switched off. Switch it on in Connections.",
        )
        for each in waiting
        if each.booking_uid in subjects
        and subjects[each.booking_uid] not in at_it
        and search.subject in (None, subjects[each.booking_uid])
    ]


def deliver(context: StepContext) -> dict[str, Json]:
    """Post it under its own webhook-id; one that was received meanwhile is not sent again."""
    sent = asked(lambda: deliver_notice(context.payload["notice"], now=context.now))
    return {
        "notice": str(context.payload["notice"]),
        "already_sent": sent.already_sent,
        "repeats": sent.repeats,
    }


send_notice = Action(
    name="send_notice",
    sentence="Told the connected program that had not answered",
    call=deliver,
    undo=Irreversible(
        because="A webhook that was received cannot be unsent.",
        consequence="Nothing is sent; what happens next is announced by its own event.",
    ),
)
REPAIR = Repair(
    "unsent_webhook",
    does="Post it once more",
    did="Told a connected program that had not answered",
    find=find,
    actions=(send_notice.name,),
)
