"""Do the links of coming meetings still join? Each is proven again, as before its confirmation."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from booking.health.findings import Asked, Finding, Probe
from booking.health.room import proven_patiently
from booking.incidents import incidents
from booking.models import Booking, EventType, Meeting
from booking.sentences import when
from booking.signing import subject_of
from providers.api import MeetingLink, MeetingRequest, ProviderError, meeting_provider

AHEAD = timedelta(hours=24)
MOST = 40
KIND = "dead_room_link"


@dataclass(frozen=True)
class DeadLink:
    """A meeting whose link does not join, and why in words. `passing`: it may answer again by itself."""

    meeting: Meeting
    words: str
    passing: bool


def check(asked: Asked) -> list[Finding]:
    """Prove the links of the confirmed online meetings of the next 24 hours, the soonest 40."""
    known = {each.subject for each in incidents() if each.kind == KIND}
    meetings = coming_online(asked.now, also=known)
    dead = list(dead_links(meetings, now=asked.now))
    faults = [
        Finding(
            "bad",
            each.words,
            consequence=f"Nobody can join {each.meeting.event_type.title} on {when(each.meeting.starts_at)}.",
            subject=subject_of(each.meeting.uid),
            repair=KIND,
        )
        for each in dead
    ]
    if not meetings:
        return [Finding("ok", "No online meeting starts within 24 hours.")]
    return faults or [Finding("ok", f"{len(meetings)} links of the next 24 hours join.")]


def coming_online(now: datetime, *, subject: str | None = None, also: Collection[str] = ()) -> list[Meeting]:
    """Return the meetings with a confirmed booking and a link that have not ended and start within 24 hours.

    `also` are subjects wanted however far ahead; `subject` is the only one wanted.
    """
    soon = Q(starts_at__lt=now + AHEAD) | Q(uid__in=[each.partition(":")[2] for each in also])
    wanted = soon if subject is None else Q(uid=subject.partition(":")[2])
    meetings = Meeting.objects.filter(
        wanted,
        released_at=None,
        ends_at__gt=now,
        location_kind__in=EventType.ONLINE,
        bookings__status=Booking.Status.CONFIRMED,
    )
    return list(meetings.select_related("event_type").order_by("starts_at", "pk").distinct()[:MOST])


def dead_links(meetings: list[Meeting], *, now: datetime) -> Iterator[DeadLink]:
    """Yield those whose link does not join now. One or two requests each; never inside a transaction."""
    for meeting in meetings:
        provider = meeting_provider(meeting.link_kind)
        link = MeetingLink(kind=meeting.link_kind, key=meeting.link_key, url=meeting.join_url)
        try:
            proven_patiently(provider, link, request_for(meeting), now=now)
        except ProviderError as error:
            yield DeadLink(meeting, error.message, error.is_transient)


def request_for(meeting: Meeting, *, key: str | None = None) -> MeetingRequest:
    """Return what the provider is asked for this meeting as it stands; another `key` asks for another link."""
    return MeetingRequest(
        key=key or meeting.link_key,
        meeting_uid=meeting.uid,
        title=meeting.event_type.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location_detail=meeting.link_detail,
    )


PROBE = Probe("links", "Links of coming meetings join", check, kind=KIND)
