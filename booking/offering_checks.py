"""What a meeting type cannot be: every fault of a wish, on the field where it is mended."""

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Now

from booking.core.hours import YEARS
from booking.core.limits import InvalidLimits, checked_limits
from booking.core.reminders import InvalidReminders, checked_reminders
from booking.models import EventType, Host, Meeting, Resource, Schedule
from booking.questions import LONGEST_LABEL, MOST_CHOICES, MOST_QUESTIONS, Question
from booking.ways import MOST
from kernel.errors import HoldfastError
from providers.api import Rejected, check_link, jitsi_server, zoom_accounts, zoom_organisation

if TYPE_CHECKING:
    from booking.offering import Offering

MOST_DATES = 52
LONGEST_PLACE = 300
_WRITTEN = {EventType.Location.IN_PERSON: "address", EventType.Location.PHONE: "phone"}
"""Kinds of place that may be on offer more than once, for clients read what is written in the field and choose by it;
a link is not shown before it is booked, and the other ways to meet online have nothing to tell two apart."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class InvalidOffering(HoldfastError):
    """The wish cannot be stored; `faults` names each wrong field with a sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


def check_offering(wanted: "Offering", *, stored: EventType | None = None) -> None:
    """Raise InvalidOffering with every fault that no single field shows; `stored` is the type that shall change."""
    faults = {}
    if wanted.slug and not (SLUG.fullmatch(wanted.slug) and len(wanted.slug) <= 60):
        faults["slug"] = "Use small letters, digits and hyphens, at most 60: for example intro-call."
    if wanted.kind == EventType.Kind.COLLECTIVE and len(wanted.hosts) < 2:
        faults["hosts"] = "A collective meeting needs at least two hosts. With one, choose one-on-one."
    elif not wanted.hosts:
        faults["hosts"] = "Choose at least one host: somebody has to come."
    elif Host.objects.filter(pk__in=[host for host, _ in wanted.hosts]).count() != len(wanted.hosts):
        faults["hosts"] = "One of these hosts is not there any more. Choose again."
    if wanted.location_kind == EventType.Location.FIXED_LINK:
        try:
            check_link(wanted.location_detail)
        except Rejected as fault:
            faults["link"] = fault.message
    if fault_of_place := _fault_of_place(wanted, wanted.location_kind):
        faults["location_kind"] = fault_of_place
    if fault_of_fallbacks := _fault_of_fallbacks(wanted):
        faults["fallback_1"] = fault_of_fallbacks
    faults |= _faults_of_places(wanted)
    faults |= _faults_of_kind(wanted)
    if fault_of_change := _fault_of_change(wanted, stored):
        faults["kind"] = fault_of_change
    try:
        checked_reminders(wanted.reminder_minutes)
    except InvalidReminders as fault:
        faults["reminders"] = fault.message
    try:
        checked_limits(wanted.limits)
    except InvalidLimits as fault:
        faults["limits"] = fault.message
    if wanted.slot_offset_minutes >= wanted.slot_interval_minutes:
        faults["slot_offset_minutes"] = "The offset is shorter than the time between two starts."
    if wanted.window_dates and wanted.window_dates[1] < wanted.window_dates[0]:
        faults["window_last_date"] = "The last date is not before the first."
    for name, day in zip(("window_first_date", "window_last_date"), wanted.window_dates or (), strict=False):
        if day.year not in YEARS:
            faults[name] = f"Choose a date of the years {YEARS.start} to {YEARS.stop - 1}."
    chosen = [Q(pk=schedule, host_id=host) for host, schedule in wanted.schedules]
    if chosen and Schedule.objects.filter(reduce(or_, chosen)).count() != len(chosen):
        faults["schedules"] = "One of these schedules is not there any more. Choose again."
    if fault_of_questions := _fault_of(wanted.questions):
        faults["questions"] = fault_of_questions
    if faults:
        raise InvalidOffering(faults)


def _faults_of_kind(wanted: "Offering") -> dict[str, str]:
    """Return what does not go together: a session is one for all who come, so nobody chooses for it."""
    faults = {}
    is_group = wanted.kind == EventType.Kind.GROUP
    if is_group and wanted.more_durations:
        faults["more_durations"] = "A group session has one length: everybody comes to the same one."
    elif len(wanted.more_durations) > MOST_CHOICES or any(
        not 5 <= minutes <= 1440 for minutes in wanted.more_durations
    ):
        faults["more_durations"] = f"Write up to {MOST_CHOICES} lengths of 5 to 1,440 minutes."
    if is_group and wanted.more_locations:
        is_written = wanted.location_kind in {kind for kind, _ in wanted.more_locations} & _WRITTEN.keys()
        field = _WRITTEN[EventType.Location(wanted.location_kind)] if is_written else "more_locations"
        faults[field] = "A group session has one place: everybody comes to the same one."
    if any(weight < 1 for _, weight in wanted.weights):
        faults["hosts"] = "A weight is a whole number from 1."
    if is_group and wanted.series_most:
        faults["series_most"] = "A group session is booked one at a time."
    elif wanted.series_most and wanted.requires_approval:
        faults["series_most"] = (
            "A series is booked at once, so it cannot wait for approval. Choose one of the two."
        )
    elif wanted.series_most == 1 or wanted.series_most > MOST_DATES:
        faults["series_most"] = f"A series has 2 to {MOST_DATES} dates."
    ids = {resource for resource, _ in wanted.resources}
    known = Resource.objects.filter(pk__in=ids).exclude(kind=Resource.Kind.HOST)
    if len(ids) < len(wanted.resources) or known.count() != len(ids):
        faults["resources"] = "One of these rooms is not there any more. Choose again."
    for kind, detail in (*wanted.more_locations, *wanted.fallback_locations):
        if kind == EventType.Location.FIXED_LINK:
            try:
                check_link(detail)
            except Rejected as fault:
                faults["link"] = fault.message
    return faults


def _faults_of_places(wanted: "Offering") -> dict[str, str]:
    """Return what is wrong with several places to choose from: a client has to see which is which."""
    places = [(wanted.location_kind, wanted.location_detail), *wanted.more_locations]
    faults = {}
    if len(places) > MOST_CHOICES:
        faults["more_locations"] = f"A meeting type has up to {MOST_CHOICES} places."
    other = [kind for kind, _ in places if kind not in _WRITTEN]
    if len(set(other)) < len(other):
        faults["more_locations"] = "Choose each way to meet online once: two of them cannot be told apart."
    for kind, field in _WRITTEN.items():
        written = [detail for each, detail in places if each == kind]
        read = {" ".join(detail.split()).casefold() for detail in written}
        if any(len(detail) > LONGEST_PLACE or len(detail.splitlines()) > 1 for detail in written):
            faults[field] = f"Each place is one line of up to {LONGEST_PLACE} characters."
        elif len(written) > 1 and "" in read:
            faults[field] = "Write each of these places: clients choose by what they read."
        elif len(read) < len(written):
            faults[field] = "Two of these places are the same. Write each of them once."
    return faults


def _fault_of_change(wanted: "Offering", stored: EventType | None) -> str:
    """Return why a type does not get seats, or lose them: of what is booked each moves and ends by its kind."""
    if stored is None or EventType.Kind.GROUP not in {wanted.kind, stored.kind} or wanted.kind == stored.kind:
        return ""
    if not Meeting.objects.filter(event_type=stored, released_at=None, starts_at__gt=Now()).exists():
        return ""
    stays = "a group session" if stored.kind == EventType.Kind.GROUP else "without seats"
    ways = "Hide it and make another meeting type, or cancel them first."
    return f"Meetings of this type lie ahead, so it stays {stays}. {ways}"


def _fault_of_fallbacks(wanted: "Offering") -> str:
    """Return what is wrong with the order of ways to meet; each is online and stands in it once."""
    kinds = [kind for kind, _ in wanted.fallback_locations]
    places = {wanted.location_kind, *(kind for kind, _ in wanted.more_locations)}
    if not kinds:
        return ""
    if not places & set(EventType.ONLINE):
        return "Only an online meeting can be held another way. Leave this empty."
    if any(kind not in EventType.ONLINE for kind in kinds):
        return "Choose a way to meet online."
    if len({*kinds, wanted.location_kind}) <= len(kinds) or len(kinds) >= MOST:
        return "Choose each way once."
    return next(filter(None, (_fault_of_place(wanted, kind) for kind in kinds)), "")


def _fault_of_place(wanted: "Offering", kind: str) -> str:
    """Return what has to be connected before people can meet there. At most two queries."""
    if kind == EventType.Location.JITSI and jitsi_server() is None:
        return "Connect your Jitsi server first, in Connections."
    hosts = [host for host, _ in wanted.hosts]
    if kind == EventType.Location.ZOOM and zoom_organisation() is None and not zoom_accounts(hosts):
        return "Connect Zoom first, in Connections: your organisation’s app, or a host’s own account."
    return ""


def _fault_of(questions: tuple[Question, ...]) -> str:
    labels = [question.label.casefold() for question in questions]
    if len(questions) > MOST_QUESTIONS:
        return f"At most {MOST_QUESTIONS} questions: every one costs clients on the way."
    if len(set(labels)) < len(labels):
        return "Two questions are the same. Word them differently, so that the answers can be told apart."
    if "notes" in labels:
        return "“Notes” is asked of everybody already. Word this question differently."
    if any(not label or len(label) > LONGEST_LABEL for label in labels):
        return f"A question is a text of up to {LONGEST_LABEL} characters."
    if any(q.kind == "choice" and not 2 <= len(q.choices) <= MOST_CHOICES for q in questions):
        return f"A question with choices needs two of them at least, and {MOST_CHOICES} at most."
    return ""
