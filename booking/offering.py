"""Meeting types made, changed, copied, ordered, hidden and deleted by the business; each act leaves its entry.

What is booked stands: a meeting keeps its time, length, place and hosts, whatever becomes of its type.
The entries hold ids, numbers and kinds before and after; words (title, description, place, questions) may
name a person, so the ledger says only that they changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from audit.api import Actor, Json, record
from booking.core.reminders import USUAL as USUAL_REMINDERS
from booking.core.reminders import InvalidReminders, checked_reminders
from booking.errors import EventTypeNotFound
from booking.models import EventType, EventTypeHost, EventTypeResource, Host, Meeting, Resource
from booking.questions import LONGEST_LABEL, MOST_CHOICES, MOST_QUESTIONS, Question, stored_questions
from kernel.errors import HoldfastError
from providers.api import Rejected, check_link

MOST_DATES = 52
LONGEST_BUFFER_MINUTES = 720  # with the longest meeting still within the reach of booking.offers
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NUMBERS = (
    "kind", "capacity", "duration_minutes", "slot_interval_minutes", "buffer_before_minutes",
    "buffer_after_minutes", "minimum_notice_minutes", "window_days", "location_kind", "active",
    "requires_approval", "approval_minutes", "series_most", "locked",
)  # fmt: skip
_WORDS = ("title", "slug", "description", "location_detail", "questions", "more_locations")
_MADE = ("questions", "more_locations")  # words that are stored in another shape than they are wished


@dataclass(frozen=True, slots=True)
class Offering:
    """What a meeting type shall be. Durations in minutes; `hosts` are (host id, priority), each once.

    `weights` are (host id, weight), 1 where nothing is said; `resources` are (resource id, "all" or "any");
    `more_durations` and `more_locations` (kind, detail) are choices beside the first one.
    """

    title: str
    slug: str
    description: str
    kind: str
    capacity: int
    duration_minutes: int
    slot_interval_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    minimum_notice_minutes: int
    window_days: int
    location_kind: str
    location_detail: str
    questions: tuple[Question, ...]
    hosts: tuple[tuple[int, int], ...]
    active: bool
    reminder_minutes: tuple[int, ...] = USUAL_REMINDERS
    requires_approval: bool = False
    approval_minutes: int = 1440
    weights: tuple[tuple[int, int], ...] = ()
    resources: tuple[tuple[int, str], ...] = ()
    more_durations: tuple[int, ...] = ()
    more_locations: tuple[tuple[str, str], ...] = ()
    series_most: int = 0
    locked: bool = False


class InvalidOffering(HoldfastError):
    """The wish cannot be stored; `faults` names each wrong field with a sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class EventTypeBooked(HoldfastError):
    """It was booked before, so its record stays; it can be hidden."""


def create_event_type(wanted: Offering, *, actor: Actor) -> EventType:
    """Store a new meeting type behind the others. An empty slug is made from the title.

    Raises InvalidOffering.
    """
    _check(wanted)
    with transaction.atomic():
        made = unsaved_event_type(wanted)
        made.slug = wanted.slug or _free_slug(wanted.title)
        made.position = EventType.objects.count()
        _save(made, wanted)
        _record("create_event_type", made, actor, {"after": _facts(made)})
    return made


def edit_event_type(event_type_id: int, wanted: Offering, *, actor: Actor) -> EventType:
    """Change a meeting type; what is booked stands. Raises InvalidOffering, EventTypeNotFound."""
    _check(wanted)
    with transaction.atomic():
        old = _locked(event_type_id)
        before = _facts(old)
        new = unsaved_event_type(wanted, like=old)
        new.slug = wanted.slug or old.slug
        _save(new, wanted)
        changed: list[Json] = [name for name in _WORDS if getattr(old, name) != getattr(new, name)]
        payload: dict[str, Json] = {"before": before, "after": _facts(new), "words_changed": changed}
        _record("edit_event_type", new, actor, payload)
    return new


def unsaved_event_type(wanted: Offering, *, like: EventType | None = None) -> EventType:
    """Return the event type as it would be stored, for a preview; `like` lends its id and place."""
    return EventType(
        pk=like.pk if like else None,
        position=like.position if like else 0,
        more_durations=sorted({*wanted.more_durations} - {wanted.duration_minutes}),
        more_locations=[{"kind": kind, "detail": detail} for kind, detail in wanted.more_locations],
        questions=stored_questions(wanted.questions),
        reminder_minutes=list(wanted.reminder_minutes),
        **{name: getattr(wanted, name) for name in (*_NUMBERS, *_WORDS) if name not in _MADE},
    )


def duplicate_event_type(event_type_id: int, *, actor: Actor) -> EventType:
    """Store a hidden copy behind the others, under a free slug. Raises EventTypeNotFound."""
    with transaction.atomic():
        source = _locked(event_type_id)
        rows = list(EventTypeHost.objects.filter(event_type=source))
        needed = list(EventTypeResource.objects.filter(event_type=source))
        copy = _locked(event_type_id)
        copy.pk, copy.active, copy.position = None, False, EventType.objects.count()
        copy.title, copy.slug = f"Copy of {source.title}"[:120], _free_slug(source.slug)
        copy.save(force_insert=True)
        EventTypeHost.objects.bulk_create(
            EventTypeHost(event_type=copy, host_id=row.host_id, priority=row.priority, weight=row.weight)
            for row in rows
        )
        EventTypeResource.objects.bulk_create(
            EventTypeResource(event_type=copy, resource_id=row.resource_id, need=row.need) for row in needed
        )
        _record("create_event_type", copy, actor, {"after": _facts(copy), "copy_of": source.pk})
    return copy


def offer_event_type(event_type_id: int, *, offered: bool, actor: Actor) -> EventType:
    """Put a meeting type on offer, or hide it from clients. Raises EventTypeNotFound."""
    with transaction.atomic():
        found = _locked(event_type_id)
        if found.active != offered:
            found.active = offered
            found.save(update_fields=["active"])
            action = "show_event_type" if offered else "hide_event_type"
            _record(action, found, actor, {"before": {"active": not offered}, "after": {"active": offered}})
    return found


def place_event_type(event_type_id: int, *, up: bool, actor: Actor) -> None:
    """Change places with the one above or below; at the end nothing changes. Raises EventTypeNotFound."""
    with transaction.atomic():
        rows = list(EventType.objects.select_for_update().order_by("position", "pk"))
        order: list[Json] = [row.pk for row in rows]
        if event_type_id not in order:
            raise EventTypeNotFound("There is no such meeting type.")
        here = order.index(event_type_id)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(order):
            return
        rows[here], rows[there] = rows[there], rows[here]
        for position, row in enumerate(rows):
            row.position = position
        EventType.objects.bulk_update(rows, ["position"])
        after: list[Json] = [row.pk for row in rows]
        payload: dict[str, Json] = {"before": order, "after": after}
        record("order_event_types", subject="event_types", actor=actor, payload=payload)


def delete_event_type(event_type_id: int, *, actor: Actor) -> None:
    """Delete a meeting type that was never booked. Raises EventTypeBooked, EventTypeNotFound."""
    with transaction.atomic():
        found = _locked(event_type_id)
        if booked_count(event_type_id):
            raise EventTypeBooked("It was booked before, so its record stays. Hide it instead.")
        payload: dict[str, Json] = {"before": _facts(found)}
        record(
            "delete_event_type", subject=f"event_type:{found.pk}", actor=actor, payload=payload,
            reversible="none", because="Its words are gone; make it anew.",
        )  # fmt: skip
        found.delete()


def booked_count(event_type_id: int) -> int:
    """Return how many meetings this event type ever had, holds included."""
    return Meeting.objects.filter(event_type_id=event_type_id).count()


def _check(wanted: Offering) -> None:
    """Raise InvalidOffering with every fault that no single field shows."""
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
    faults |= _faults_of_kind(wanted)
    try:
        checked_reminders(wanted.reminder_minutes)
    except InvalidReminders as fault:
        faults["reminders"] = fault.message
    if fault_of_questions := _fault_of(wanted.questions):
        faults["questions"] = fault_of_questions
    if faults:
        raise InvalidOffering(faults)


def _faults_of_kind(wanted: Offering) -> dict[str, str]:
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
        faults["more_locations"] = "A group session has one place: everybody comes to the same one."
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
    for kind, detail in wanted.more_locations:
        if kind == EventType.Location.FIXED_LINK:
            try:
                check_link(detail)
            except Rejected as fault:
                faults["link"] = fault.message
    return faults


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


def _save(event_type: EventType, wanted: Offering) -> None:
    """Store the row and its hosts; a slug that is taken is a fault of the field."""
    try:
        with transaction.atomic():
            event_type.save()
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        words = "Another meeting type has this address. Choose another one."
        raise InvalidOffering({"slug": words}) from None
    EventTypeHost.objects.filter(event_type=event_type).delete()
    weights = dict(wanted.weights)
    EventTypeHost.objects.bulk_create(
        EventTypeHost(event_type=event_type, host_id=host, priority=priority, weight=weights.get(host, 1))
        for host, priority in wanted.hosts
    )
    EventTypeResource.objects.filter(event_type=event_type).delete()
    EventTypeResource.objects.bulk_create(
        EventTypeResource(event_type=event_type, resource_id=resource, need=need)
        for resource, need in wanted.resources
    )


def _locked(event_type_id: int) -> EventType:
    found = EventType.objects.select_for_update().filter(pk=event_type_id).first()
    if found is None:
        raise EventTypeNotFound("There is no such meeting type.")
    return found


def _free_slug(words: str) -> str:
    """Return a slug made of `words` that no meeting type has, with a number behind it if need be."""
    base = slugify(words)[:50].strip("-_").replace("_", "-") or "meeting"
    taken = set(EventType.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def _facts(event_type: EventType) -> dict[str, Json]:
    """Return what the ledger keeps of an event type: numbers, kinds and ids, no words."""
    hosts: list[Json] = [
        [host, priority, weight]
        for host, priority, weight in EventTypeHost.objects.filter(event_type=event_type).values_list(
            "host_id", "priority", "weight"
        )
    ]
    resources: list[Json] = [
        [resource, need]
        for resource, need in EventTypeResource.objects.filter(event_type=event_type).values_list(
            "resource_id", "need"
        )
    ]
    facts: dict[str, Any] = {name: getattr(event_type, name) for name in _NUMBERS}
    reminders = list(event_type.reminder_minutes)
    return {
        **facts,
        "questions": len(event_type.questions),
        "reminders": reminders,
        "hosts": hosts,
        "resources": resources,
        "more_durations": list(event_type.more_durations),
    }


def _record(action: str, event_type: EventType, actor: Actor, payload: Mapping[str, Json]) -> None:
    record(
        action, subject=f"event_type:{event_type.pk}", actor=actor, payload=payload,
        reversible="partial" if action == "edit_event_type" else "full",
        because="Words that changed are not kept." if action == "edit_event_type" else "",
    )  # fmt: skip
