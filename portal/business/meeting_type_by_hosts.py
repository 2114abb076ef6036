"""A host's form of a meeting type that they offer: what is the business's is read there, and never taken from it."""

from django.http import QueryDict

from booking.api import EventType
from portal.business.meeting_type_form import KINDS, NEEDS, MeetingTypeForm, initial_values
from portal.public.words import people_words

_FIELDS = frozenset(
    {"slug", "kind", "capacity", "active", "requires_approval", "approval_hours", "series_most", "locked", "hosts"}
)  # fmt: skip
_FIELDS_OF_EACH = ("priority_", "weight_", "schedule_", "resource_", "limit_")


def is_of_the_business(field: str) -> bool:
    """Say whether a field of the form is for owners and admins alone; booking.offering_by_hosts decides it again."""
    return field in _FIELDS or field.startswith(_FIELDS_OF_EACH)


def as_a_host_typed(data: QueryDict, event_type: EventType) -> QueryDict:
    """Return what a host sent, with the business's fields as they are stored, whatever was sent for them."""
    typed = data.copy()
    for name in [name for name in typed if is_of_the_business(name)]:
        del typed[name]
    for name, value in initial_values(event_type).items():
        if is_of_the_business(name):
            typed.setlist(name, value if isinstance(value, list) else [value])
    return typed


def facts_of_the_business(
    event_type: EventType, form: MeetingTypeForm, address: str
) -> list[tuple[str, str]]:
    """Return (label, words) of everything that a host reads and does not change. No query."""
    needed = [
        f"{resource.name} ({NEEDS[field.value()].lower()})"
        for resource, field in form.resource_rows()
        if field.value()
    ]
    limits = [f"{most:,} {unit} a {period}" for period, unit, most in event_type.limits]
    facts = [
        ("Kind", KINDS[event_type.kind][0]),
        ("Seats", str(event_type.capacity) if event_type.kind == EventType.Kind.GROUP else ""),
        ("Hosts", people_words([host.name for host, ticked, *_ in form.host_rows() if ticked])),
        ("Address", f"{address}{event_type.slug}/"),
        ("Rooms and equipment", ", ".join(needed)),
        ("Limits", ", ".join(limits)),
        ("Approval", "A host approves each booking" if event_type.requires_approval else ""),
        ("Dates at once", f"At most {event_type.series_most}" if event_type.series_most else ""),
        ("On offer", "Clients can book it" if event_type.active else "Hidden from clients"),
    ]
    return [(label, words) for label, words in facts if words]
