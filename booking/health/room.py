"""Does the built-in room answer: its page and its signalling, over HTTP, as a person's browser would ask?"""

from datetime import UTC, datetime, timedelta

from django.db.models import Q

from booking.health.findings import Asked, Finding, Probe
from booking.models import EventType
from kernel.tenancy import current_schema
from providers.api import MeetingLink, MeetingProvider, MeetingRequest, Proof, ProviderError, meeting_provider

KEY = "health"
OPENS_NEVER = datetime(2999, 1, 1, tzinfo=UTC)
_COST = "Online bookings fail closed: no meeting link can be proven, so nothing online is confirmed."


def check(asked: Asked) -> list[Finding]:
    """Prove a room of this check's own (one row for ever, never open); raises nothing."""
    if not offers_room():
        return [Finding("ok", "No meeting type on offer meets in the built-in room.")]
    room = meeting_provider(EventType.Location.BUILT_IN_ROOM)
    request = MeetingRequest(
        key=KEY,
        meeting_uid=f"health-{current_schema()}"[:40],
        title="Health check",
        starts_at=OPENS_NEVER,
        ends_at=OPENS_NEVER + timedelta(minutes=5),
    )
    try:
        proven_patiently(room, room.create(request, now=asked.now), request, now=asked.now)
    except ProviderError as error:
        return [Finding("bad", error.message, _COST)]
    return [Finding("ok", "The room’s page and its signalling answered.")]


def proven_patiently(
    provider: MeetingProvider, link: MeetingLink, request: MeetingRequest, *, now: datetime
) -> Proof:
    """Prove a link, once more where the failure may pass by itself: one lost answer is no fault; or ProviderError."""
    try:
        return provider.prove(link, request, now=now)
    except ProviderError as error:
        if not error.is_transient:
            raise
    return provider.prove(link, request, now=now)


def offers_room() -> bool:
    """Say whether a meeting type on offer meets in the room, at once or where its first way fails. One query."""
    room = EventType.Location.BUILT_IN_ROOM
    wanted = Q(location_kind=room) | Q(fallback_locations__contains=[{"kind": room}])
    return EventType.objects.filter(wanted, active=True).exists()


PROBE = Probe("room", "The built-in room answers", check)
