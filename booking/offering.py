"""Meeting types made, changed, copied, ordered, hidden and deleted by the business; each act leaves its entry.

What is booked stands: a meeting keeps its time, length, place and hosts, whatever becomes of its type.
The entries hold ids, numbers and kinds before and after; words (title, description, place, questions) may
name a person, so the ledger says only that they changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from audit.api import Actor, Json, record
from booking.core.limits import Limit
from booking.core.reminders import USUAL as USUAL_REMINDERS
from booking.errors import EventTypeNotFound
from booking.models import EventType, EventTypeHost, EventTypeResource, Meeting
from booking.offering_by_hosts import as_a_host_may, check_host_may_edit
from booking.offering_checks import InvalidOffering, check_offering
from booking.questions import Question, stored_questions
from kernel.errors import HoldfastError

LONGEST_BUFFER_MINUTES = 720  # with the longest meeting still within the reach of booking.offers
_NUMBERS = (
    "kind", "capacity", "duration_minutes", "slot_interval_minutes", "buffer_before_minutes",
    "buffer_after_minutes", "minimum_notice_minutes", "window_days", "location_kind", "active",
    "requires_approval", "approval_minutes", "series_most", "locked",
    "slot_offset_minutes",
)  # fmt: skip
_WORDS = (
    "title",
    "slug",
    "description",
    "location_detail",
    "questions",
    "more_locations",
    "fallback_locations",
)
_MADE = (
    "questions",
    "more_locations",
    "fallback_locations",
)  # stored in another shape than wished


@dataclass(frozen=True, slots=True)
class Offering:
    """What a meeting type shall be. Durations in minutes; `hosts` are (host id, priority), each once.

    `weights` are (host id, weight), 1 where nothing is said; `resources` are (resource id, "all" or "any");
    `more_durations` and `more_locations` (kind, detail) are choices beside the first one; `fallback_locations`
    (kind, detail) are where people meet if no link can be made there, best first.
    `window_dates`, both included, stand in place of `window_days`; `schedules` are (host id, schedule id) of the
    hosts who are asked at other hours than their default ones.
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
    fallback_locations: tuple[tuple[str, str], ...] = ()
    series_most: int = 0
    locked: bool = False
    slot_offset_minutes: int = 0
    window_dates: tuple[date, date] | None = None
    limits: tuple[Limit, ...] = ()
    schedules: tuple[tuple[int, int], ...] = ()


class EventTypeBooked(HoldfastError):
    """It was booked before, so its record stays; it can be hidden."""


def create_event_type(wanted: Offering, *, actor: Actor) -> EventType:
    """Store a new meeting type behind the others. An empty slug is made from the title.

    Raises InvalidOffering.
    """
    check_offering(wanted)
    with transaction.atomic():
        made = unsaved_event_type(wanted)
        made.slug = wanted.slug or _free_slug(wanted.title)
        made.position = EventType.objects.count()
        _save(made, wanted)
        _record("create_event_type", made, actor, {"after": _facts(made)})
    return made


def edit_event_type(event_type_id: int, wanted: Offering, *, by_host: int | None, actor: Actor) -> EventType:
    """Change a meeting type; what is booked stands. Raises InvalidOffering, EventTypeNotFound, EventTypeLocked.

    `by_host` is the host who asks: only of a type that they offer, not locked, and what is the business's of the
    wish is kept as it is stored. None is an owner or admin.
    """
    with transaction.atomic():
        old = _locked(event_type_id)
        if by_host is not None:
            check_host_may_edit(old, host_id=by_host)
            wanted = as_a_host_may(wanted, stored=old)
        check_offering(wanted, stored=old)
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
        more_locations=_places(wanted.more_locations),
        fallback_locations=_places(wanted.fallback_locations),
        questions=stored_questions(wanted.questions),
        reminder_minutes=list(wanted.reminder_minutes),
        limits=[list(limit) for limit in wanted.limits],
        window_first_date=wanted.window_dates[0] if wanted.window_dates else None,
        window_last_date=wanted.window_dates[1] if wanted.window_dates else None,
        **{name: getattr(wanted, name) for name in (*_NUMBERS, *_WORDS) if name not in _MADE},
    )


def _places(places: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"kind": kind, "detail": detail} for kind, detail in places]


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
            EventTypeHost(
                event_type=copy,
                host_id=row.host_id,
                priority=row.priority,
                weight=row.weight,
                schedule_id=row.schedule_id,
            )
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
    schedules = dict(wanted.schedules)
    EventTypeHost.objects.filter(event_type=event_type).delete()
    weights = dict(wanted.weights)
    EventTypeHost.objects.bulk_create(
        EventTypeHost(
            event_type=event_type,
            host_id=host,
            priority=priority,
            weight=weights.get(host, 1),
            schedule_id=schedules.get(host),
        )
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
    rows = EventTypeHost.objects.filter(event_type=event_type)
    hosts: list[Json] = [
        list(row) for row in rows.values_list("host_id", "priority", "weight", "schedule_id")
    ]
    resources: list[Json] = [
        [resource, need]
        for resource, need in EventTypeResource.objects.filter(event_type=event_type).values_list(
            "resource_id", "need"
        )
    ]
    facts: dict[str, Any] = {name: getattr(event_type, name) for name in _NUMBERS}
    window = [
        str(each) if each else None for each in (event_type.window_first_date, event_type.window_last_date)
    ]
    facts |= {"window_dates": window, "limits": list(event_type.limits), "hosts": hosts}
    reminders = list(event_type.reminder_minutes)
    return {
        **facts,
        "questions": len(event_type.questions),
        "reminders": reminders,
        "resources": resources,
        "more_durations": list(event_type.more_durations),
        "fallbacks": [each["kind"] for each in event_type.fallback_locations],
    }


def _record(action: str, event_type: EventType, actor: Actor, payload: Mapping[str, Json]) -> None:
    record(
        action, subject=f"event_type:{event_type.pk}", actor=actor, payload=payload,
        reversible="partial" if action == "edit_event_type" else "full",
        because="Words that changed are not kept." if action == "edit_event_type" else "",
    )  # fmt: skip
