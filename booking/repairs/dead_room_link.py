"""Links of coming meetings that do not join: made anew under the same key, proven, and told if the address changed."""

from django.db.models import F

from audit.api import Action, Irreversible, Json, Permanent, StepContext
from booking import messages as compose
from booking.actions.messages import correction, send
from booking.actions.target import asked, target_of
from booking.facts import booking_facts
from booking.health.links import coming_online, dead_links, request_for
from booking.models import Booking, Meeting
from booking.repairs.repair import Broken, Repair, Search
from booking.sentences import when
from booking.signing import subject_of
from providers.api import MeetingLink, MessageDraft, Proof, Rejected, meeting_provider

SENT = "A mail that was sent cannot be unsent."


def find(search: Search) -> list[Broken]:
    """Return the coming meetings whose link does not join now; asks over HTTP."""
    dead = dead_links(coming_online(search.now, subject=search.subject), now=search.now)
    return [
        Broken(
            subject_of(each.meeting.uid),
            "link",
            f"The link of {each.meeting.event_type.title} on {when(each.meeting.starts_at)}: {each.words}",
            {"meeting": each.meeting.pk, "booking": _booking(each.meeting).uid},
            because=_because(each.meeting),
        )
        for each in dead
    ]


def _booking(meeting: Meeting) -> Booking:
    return meeting.bookings.filter(status=Booking.Status.CONFIRMED).order_by("pk")[0]


def _because(meeting: Meeting) -> str:
    if meeting.link_kind == "fixed_link":
        return (
            "The link is the business’s own: correct it in the meeting type, or see why it does not answer."
        )
    return ""


def renew(context: StepContext) -> dict[str, Json]:
    """Find or make the room of the meeting's key (another key where that room was cancelled), and prove it."""
    meeting = Meeting.objects.select_related("event_type").get(pk=context.payload["meeting"])
    link, proof = asked(lambda: _proven(meeting, context), code="link_unverified")
    return {
        **(meeting.link_proof or {}),
        "url": proof.url,
        "key": link.key,
        "former_key": meeting.link_key,
        "address_changed": proof.url != meeting.join_url,
        "checked_at": proof.checked_at.isoformat(),
        "starts_at": meeting.starts_at.isoformat(),
        "evidence": dict(proof.evidence),
    }


def _proven(meeting: Meeting, context: StepContext) -> tuple[MeetingLink, Proof]:
    provider = meeting_provider(meeting.link_kind)
    for key in (meeting.link_key, f"{meeting.uid}-f{context.run_id}"):
        request = request_for(meeting, key=key)
        try:
            link = provider.create(request, now=context.now)
        except Rejected:
            continue
        return link, provider.prove(link, request, now=context.now)
    raise Rejected("The room cannot be made anew.")


def store(context: StepContext) -> None:
    """Keep link and proof with the meeting, unless it has another link or start since."""
    result = context.result
    meetings = Meeting.objects.filter(
        pk=context.payload["meeting"],
        released_at=None,
        link_key=result["former_key"],
        starts_at=result["starts_at"],
    )
    if not meetings.update(
        join_url=result["url"],
        link_key=result["key"],
        link_proved_at=result["checked_at"],
        link_proof=dict(result),
        sequence=F("sequence") + int(result["address_changed"]),
    ):
        raise Permanent("The meeting was moved or cancelled meanwhile; its link was made then.")


def tell(context: StepContext) -> dict[str, Json]:
    """Send the new address with an updated invite to everyone with a place, and to the hosts; only if it changed."""
    if not context.results[renew_link.name]["address_changed"]:
        return {"skipped": "the address is the same"}
    booking = target_of(context).booking
    places = booking.meeting.bookings.filter(status=Booking.Status.CONFIRMED).order_by("pk")
    drafts = {
        each.uid: _to_client_and_guests(each, context)
        for each in places.select_related("meeting__event_type")
    }
    facts = booking_facts(booking)
    to_hosts = [compose.new_link_for_host(facts, host, now=context.now) for host in facts.hosts]
    drafts.setdefault(booking.uid, []).extend(to_hosts)
    return send(context, drafts)


def _to_client_and_guests(booking: Booking, context: StepContext) -> list[MessageDraft]:
    facts = booking_facts(booking)
    return [
        compose.new_link_for_attendee(facts, now=context.now),
        *(compose.invite_for_guest(facts, each, what="new_link", now=context.now) for each in facts.guests),
    ]


renew_link = Action(
    name="renew_link",
    sentence="Made the meeting link work again, and tested it",
    call=renew,
    write=store,
    undo=Irreversible(
        because="The former link leads nowhere: a confirmation must never point at it again.",
        consequence="Nothing: the working link stays.",
    ),
)
tell_new_link = Action(
    name="tell_new_link",
    sentence="Told everyone the new address, if it changed",
    call=tell,
    undo=Irreversible(
        because=SENT, consequence="A mail that says how the booking stands is sent.", correct=correction
    ),
)
REPAIR = Repair(
    "dead_room_link",
    does="Make the link work again, test it, and tell everyone if its address changed",
    did="Made a meeting link work again",
    find=find,
    actions=(renew_link.name, tell_new_link.name, "rewrite_event"),
    every=0,
)
