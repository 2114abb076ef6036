"""Events of coming meetings that are gone from their hosts' calendars, or stand there as they were before a write that
failed: written again by uid, never twice."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from audit.api import Action, Json, Run, StepContext, Undo
from booking.actions.calendar_event import delete
from booking.actions.target import asked
from booking.facts import calendar_event
from booking.links import event_uid
from booking.models import Booking, Meeting
from booking.repairs.repair import Broken, Repair, Search
from booking.sentences import when
from booking.signing import subject_of
from providers.api import (
    ProviderError,
    event_is_as_written,
    event_is_somewhere,
    has_calendars,
    write_event,
)

AHEAD = timedelta(days=14)
PATIENCE = timedelta(minutes=10)
MOST = 40


def find(search: Search) -> list[Broken]:
    """Return the confirmed meetings of the next 14 days whose event is in no calendar of a host; asks the calendars.
    So does one count that was last written with another time, and, where its incident asks, one never written.

    What a person undid, or what a run is still writing, is not missing; a calendar that cannot be read says nothing.
    """
    return [
        Broken(
            subject_of(meeting.uid),
            "event",
            f"{meeting.event_type.title} on {when(meeting.starts_at)} is not so in {', '.join(names)}’s calendar.",
            {"meeting": meeting.pk, "booking": _booking(meeting).uid},
        )
        for meeting, names in _missing(search)
    ]


def _missing(search: Search) -> Iterator[tuple[Meeting, list[str]]]:
    meetings = Meeting.objects.filter(
        released_at=None,
        starts_at__gt=search.now,
        starts_at__lt=search.now + AHEAD,
        bookings__status=Booking.Status.CONFIRMED,
        bookings__confirmed_at__lt=search.since(PATIENCE),
    )
    if search.subject:
        meetings = meetings.filter(uid=search.subject.partition(":")[2])
    for meeting in meetings.select_related("event_type").distinct().order_by("starts_at", "pk")[:MOST]:
        hosts = {host.pk: host.name for host in meeting.hosts.order_by("meetinghost__position")}
        connected = has_calendars(hosts)
        if not connected or _is_settled_otherwise(meeting):
            continue
        try:
            gone = [hosts[pk] for pk in sorted(connected) if not _stands(pk, meeting, search)]
        except ProviderError:
            continue
        if gone:
            yield meeting, gone


def _stands(host_id: int, meeting: Meeting, search: Search) -> bool:
    """Say whether a host's calendars hold the event as it was last to be written; they are asked first, for nothing
    can be mended in one that does not answer. Raises ProviderError."""
    uid = event_uid(meeting.uid)
    if not event_is_somewhere(host_id, uid):
        return False
    written = event_is_as_written(host_id, uid, starts_at=meeting.starts_at, ends_at=meeting.ends_at)
    return written or (written is None and not search.subject)


def _is_settled_otherwise(meeting: Meeting) -> bool:
    """Say whether a run is at it, or a person took the event out by undoing the step that wrote it."""
    runs = Run.objects.filter(subject=subject_of(meeting.uid))
    return (
        runs.filter(state=Run.State.RUNNING).exclude(workflow="reminder").exists()
        or runs.filter(steps__action__in=_WRITERS, steps__state__in=["undoing", "undone"]).exists()
    )


def _booking(meeting: Meeting) -> Booking:
    return meeting.bookings.filter(status=Booking.Status.CONFIRMED).order_by("pk")[0]


def rewrite(context: StepContext) -> dict[str, Json]:
    """Write the event to each host's destination calendar, or bring the one that stands there to this SEQUENCE."""
    meeting = Meeting.objects.select_related("event_type").get(pk=context.payload["meeting"])
    if meeting.released_at is not None:
        return {"skipped": "released"}
    event = calendar_event(meeting)
    written: dict[str, Json] = {}
    for host_id in meeting.meeting_hosts.values_list("host_id", flat=True):
        found = asked(partial(write_event, host_id, event, now=context.now))
        if found:
            written[str(host_id)] = found.etag
    meeting.refresh_from_db()
    if meeting.released_at is not None:  # cancelled while we wrote: its own deletion may have come first
        return {"skipped": "released", **delete(context)}
    return {"event": event.uid, "etags": written}


rewrite_event = Action(
    name="rewrite_event",
    sentence="Wrote the event into the host’s calendar again",
    call=rewrite,
    undo=Undo(
        consequence="The event is removed from the host’s calendar; the booking stands, and the fixer leaves it so.",
        call=delete,
    ),
)
_WRITERS = ("write_calendar_event", rewrite_event.name)
REPAIR = Repair(
    "missing_calendar_event",
    does="Write the event into the host’s calendar again",
    did="Wrote a missing event into a host’s calendar again",
    find=find,
    actions=(rewrite_event.name,),
    every=12,
)
