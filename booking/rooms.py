"""Rooms and equipment: made, renamed, taken out of use and put back; each act leaves its entry.

What is booked stands: a meeting keeps its room, whatever becomes of the room afterwards.
"""

from dataclasses import dataclass

from django.db import transaction

from audit.api import Actor, Json, record
from booking.catalog import catalog
from booking.models import EventType, EventTypeResource, MeetingResource, Resource
from kernel.errors import HoldfastError

LONGEST_NAME = 120
KINDS = (Resource.Kind.ROOM, Resource.Kind.EQUIPMENT)


class InvalidResource(HoldfastError):
    """The wish cannot be stored; the message says why."""

    code = "invalid_request"


def rooms_and_equipment() -> list[Resource]:
    """Return every room, then every piece of equipment, by name; those out of use too. One query."""
    found = Resource.objects.exclude(kind=Resource.Kind.HOST)
    return sorted(found, key=lambda each: (each.kind != Resource.Kind.ROOM, each.name.casefold(), each.pk))


@dataclass(frozen=True, slots=True)
class RoomNeed:
    """That a meeting needs a room or a piece of equipment: it and no other, or one of several (`is_choice`)."""

    is_choice: bool
    in_use: bool


def needed_rooms(event_type: EventType, *, leaving: int | None = None) -> dict[int, RoomNeed]:
    """Return what a meeting of this type needs beside hosts, by resource id, ascending; of the catalog.

    A meeting that is to be moved (`leaving`, its id) keeps the rooms that it has; then one query.
    """
    if leaving is not None:
        kept = MeetingResource.objects.filter(meeting=leaving).order_by("resource_id")
        return {
            pk: RoomNeed(is_choice=False, in_use=True) for pk in kept.values_list("resource_id", flat=True)
        }
    offered = catalog()
    return {
        row.resource_id: RoomNeed(
            is_choice=row.need == EventTypeResource.Need.ANY, in_use=offered.resources[row.resource_id].active
        )
        for row in offered.resources_of.get(event_type.pk, ())
    }


def make_resource(name: str, *, kind: str, actor: Actor) -> Resource:
    """Store a new room or piece of equipment, in use at once. Raises InvalidResource."""
    wanted = _checked(name, kind)
    with transaction.atomic():
        made = Resource.objects.create(kind=kind, name=wanted)
        record(
            "make_resource",
            subject=f"resource:{made.pk}",
            actor=actor,
            payload={"kind": kind, "active": True},
        )
    return made


def edit_resource(resource_id: int, *, name: str, active: bool, actor: Actor) -> Resource:
    """Rename it, take it out of use or put it back. A meeting type that needs one out of use offers no times.

    Raises InvalidResource, also when there is none of that number.
    """
    with transaction.atomic():
        found = Resource.objects.select_for_update().filter(pk=resource_id, kind__in=KINDS).first()
        if found is None:
            raise InvalidResource("It is not there any more.", code="not_found")
        wanted = _checked(name, found.kind)
        before, renamed = found.active, found.name != wanted
        if renamed or before != active:
            found.name, found.active = wanted, active
            found.save(update_fields=["name", "active"])
            payload: dict[str, Json] = {
                "before": {"active": before},
                "after": {"active": active},
                "renamed": renamed,
            }
            record(
                "edit_resource",
                subject=f"resource:{found.pk}",
                actor=actor,
                payload=payload,
                reversible="partial",
                because="Names are not kept.",
            )
    return found


def _checked(name: str, kind: str) -> str:
    words = " ".join(name.split())
    if kind not in KINDS:
        raise InvalidResource("Say whether it is a room or a piece of equipment.")
    if not words or len(words) > LONGEST_NAME or not words.isprintable():
        raise InvalidResource(f"Write a name of up to {LONGEST_NAME} characters.")
    return words
