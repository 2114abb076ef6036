"""What the error handler does with a fault: write it down in words, tell the team and its programs, once each."""

from datetime import timedelta
from functools import partial

from django.db import transaction

from audit.api import (
    Action,
    Actor,
    Irreversible,
    Json,
    Permanent,
    RunView,
    StepContext,
    StepView,
    Undo,
    get_run,
)
from booking import messages as compose
from booking.actions.messages import deliver, team_members
from booking.actions.target import asked
from booking.facts import business_facts, load_booking
from booking.faults import REPAIR_FAILED, Failed, in_words
from booking.incidents import close_incident, open_incident, reopen_incident
from booking.messages import IncidentFacts
from booking.models import Booking, EventType, Host, Incident, Move
from booking.sentences import booking_sentence, when
from booking.ways import WORDS
from providers.api import MessageDraft, Queued, deliver_notice, queue_notices
from tenants.api import current_tenant, tenant_url

QUIET = timedelta(hours=1)  # a fault that comes and goes is told of once in this time


def record(context: StepContext) -> dict[str, Json]:
    """Open the incident of a failed step, count it once more, or open it again; returns its id."""
    if "incident" in context.payload:
        found = reopen_incident(context.payload["incident"], now=context.now, by=context.actor)
        if (
            found is None
            and not Incident.objects.filter(pk=context.payload["incident"], state="open").exists()
        ):
            raise Permanent("Another incident of this kind is open by now; this one stays closed.")
        return {"incident": context.payload["incident"]}
    view = get_run(context.payload["run"])
    step = next(each for each in view.steps if each.id == context.payload["step"])
    told = in_words(failed_of(view, step, context))
    known = Incident.objects.filter(
        kind=told.kind, subject=told.subject, state="open", run_id=view.id
    ).first()
    if context.recovered and known:  # an earlier attempt wrote it, and was killed before it said so
        return {"incident": known.pk}
    incident = open_incident(
        told.kind,
        subject=told.subject,
        title=told.title,
        consequence=told.consequence,
        repair=told.repair if view.workflow not in ("fixer", "health_check") else "",
        run_id=view.id,
        details={
            "workflow": view.workflow,
            "run": view.id,
            "step": step.id,
            "action": step.action,
            "attempts": step.attempts,
            "code": context.payload["code"],
            "words": step.error,
            "booking": context.payload["booking"],
        },
        tell=False,
        now=context.now,
    )
    return {"incident": incident.pk}


def failed_of(view: RunView, step: StepView, context: StepContext) -> Failed:
    """Return a failed step of a run as plain values. Three queries."""
    booking = load_booking(context.payload["booking"]) if context.payload["booking"] else None
    host = _host_concerned(context, booking) if booking else None
    way = context.payload.get("way") or (booking.meeting.link_kind if booking else "")
    return Failed(
        workflow=view.workflow,
        action=step.action,
        did=step.sentence,
        code=context.payload["code"],
        subject=view.subject,
        about=f"{booking_sentence(booking)} on {when(booking.meeting.starts_at)}"
        if booking
        else view.sentence,
        host=host.name if host else "The host",
        host_id=host.pk if host else None,
        way=WORDS.get(EventType.Location(way), way) if way else "",
        way_kind=way,
        closed=_closed(view, context, booking),
        undoing=bool(context.payload["undoing"]),
        gave_way=bool(context.payload.get("gave_way")),
    )


def _host_concerned(context: StepContext, booking: Booking) -> Host | None:
    """Return whose calendar and accounts it was about: until a reassignment counts, those of the new host."""
    if context.payload.get("reassignment"):
        waiting = Move.objects.exclude(status=Move.Status.CONFIRMED).filter(pk=context.payload["move"])
        if (move := waiting.select_related("host").first()) is not None:
            return move.host
    return booking.meeting.hosts.order_by("meetinghost__position").first()


def _closed(view: RunView, context: StepContext, booking: Booking | None) -> str:
    """Return how the promise was kept: a required step of a new booking that fails gives its time back."""
    if view.state == "stopped":
        return "It waits on its page for somebody to decide: resume it, or roll it back."
    if view.workflow != "new_booking" or view.state not in ("failing", "failed") or booking is None:
        return ""
    about = booking_sentence(booking)
    if context.payload.get("reassignment"):
        return f"{about} was not reassigned: it stays as it was, and nothing changes for the client."
    if context.payload["move"]:
        return f"{about} was not moved: it stands as it was, and the client was told."
    if view.reverses is not None:
        return f"{about} was not taken back: it stays cancelled, and its time is free again."
    return f"{about} was not confirmed: its time was given back at once, and the client was told."


def incident_of(context: StepContext) -> Incident:
    """Return the incident that a run is about."""
    known: int = context.results.get("record_incident", context.payload)["incident"]
    return Incident.objects.get(pk=known)


def tell_team(context: StepContext) -> dict[str, Json]:
    """Write to the owners and administrators, once per incident; nobody is woken for one that is over already."""
    incident = incident_of(context)
    closing = bool(context.payload.get("close"))
    if (incident.state == Incident.State.RESOLVED) != closing:
        return {"skipped": incident.state}
    if not closing and (incident.kind == REPAIR_FAILED or _told_lately(incident)):
        return {"skipped": "told lately"}
    facts = incident_facts(incident)
    draft = compose.incident_closed if closing else compose.incident_opened
    return _send(context, [draft(facts, to=person) for person in team_members()], incident)


def correct_team(context: StepContext) -> dict[str, Json]:
    """Correct what was told: the incident is closed, or stands as it is."""
    incident = incident_of(context)
    closed = incident.state == Incident.State.RESOLVED
    draft = compose.incident_closed if closed else compose.incident_opened
    facts = incident_facts(incident)
    return _send(context, [draft(facts, to=each) for each in team_members()], incident, suffix=":correction")


def tell_programs(context: StepContext) -> dict[str, Json]:
    """Post incident.opened to every endpoint that wants it, once per incident."""
    incident = incident_of(context)
    if incident.state == Incident.State.RESOLVED or incident.kind in ("unsent_webhook", REPAIR_FAILED):
        return {"skipped": incident.state if incident.state == "resolved" else "webhooks are what failed"}
    with transaction.atomic():
        ids = queue_notices(
            "incident.opened",
            booking_uid=str(incident.details.get("booking", "")),
            data=compose.incident_data(incident_facts(incident)),
            dedupe_key=f"incident{incident.pk}",
            now=context.now,
        )
    for pk in ids:
        asked(partial(deliver_notice, pk, now=context.now))
    return {"notices": [str(pk) for pk in ids]}


def close(context: StepContext) -> None:
    """Close the incident; one that is closed already is fine."""
    close_incident(context.payload["incident"], now=context.now, by=context.actor)


def take_back_record(context: StepContext) -> None:
    """Close the incident that was opened."""
    close_incident(context.result["incident"], now=context.now, by=context.actor)


def incident_facts(incident: Incident) -> IncidentFacts:
    """Return an incident as messages name it."""
    return IncidentFacts(
        business=business_facts(),
        id=incident.pk,
        kind=incident.kind,
        subject=incident.subject,
        title=incident.title,
        consequence=incident.consequence,
        repair=incident.repair,
        opened_at=incident.opened_at,
        url=tenant_url(None, "/portal/health/" if current_tenant().kind == "business" else "/"),
    )


def _told_lately(incident: Incident) -> bool:
    before = Incident.objects.filter(kind=incident.kind, subject=incident.subject, pk__lt=incident.pk)
    return before.filter(opened_at__gt=incident.opened_at - QUIET).exists()


def _send(
    context: StepContext, drafts: list[MessageDraft], incident: Incident, *, suffix: str = ""
) -> dict[str, Json]:
    uid = str(incident.details.get("booking", ""))
    key = f"incident{incident.pk}:{_turn(context)}"
    return deliver(
        context,
        [Queued(draft, uid, f"{key}{draft.kind}:{draft.to_address}{suffix}") for draft in drafts],
    )


def _turn(context: StepContext) -> str:
    """Return what sets a person's closing and opening again apart from the first notice, which goes out once."""
    return f"run{context.run_id}:" if context.payload.get("by_person") else ""


AUTOMATION = Actor(type="automation", id="error_handler")
_SENT = "A mail that was sent cannot be unsent."
record_incident = Action(
    name="record_incident",
    sentence="Wrote down in words what happened",
    call=record,
    undo=Undo(consequence="The incident is closed.", write=take_back_record),
)
tell_team_of_incident = Action(
    name="tell_team_of_incident",
    sentence="Told the team",
    call=tell_team,
    undo=Irreversible(
        because=_SENT,
        consequence="A mail is sent that says how the incident stands.",
        correct=correct_team,
    ),
)
tell_programs_of_incident = Action(
    name="tell_programs_of_incident",
    sentence="Told the connected programs",
    call=tell_programs,
    undo=Irreversible(
        because="A webhook that was received cannot be unsent.",
        consequence="Nothing is sent; the incident’s end is seen on the Health page.",
    ),
)
close_the_incident = Action(
    name="close_incident",
    sentence="Closed the incident",
    write=close,
    undo=Irreversible(
        because="Undoing the whole run opens it again.", consequence="The incident is opened again."
    ),
)
