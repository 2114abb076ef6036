"""The keys of places: which place each means, in which words a wrong one is refused, and what a meeting's own is."""

from datetime import timedelta
from typing import Any

import pytest

from booking.api import (
    EventType,
    InvalidBooking,
    Meeting,
    as_met,
    choices_of,
    chosen,
    is_one_of_several,
    locations_of,
    of_meeting,
)
from tests.booking.scene import workday

QUAY, ALMADA, ROSSIO = "12 Quay Street", "Rua do Almada 5", "Rossio 1"


def place(kind: str, detail: str = "") -> dict[str, str]:
    return {"kind": kind, "detail": detail}


def visit(*more: dict[str, str], kind: str = "in_person", detail: str = QUAY, **change: Any) -> EventType:
    """An event type that is not stored, at the quay and at these other places."""
    return EventType(
        location_kind=kind, location_detail=detail, more_locations=list(more), duration_minutes=60, **change
    )


def meeting(event_type: EventType, kind: str, detail: str, *, minutes: int = 60) -> Meeting:
    start = workday(9)
    return Meeting(
        event_type=event_type, starts_at=start, ends_at=start + timedelta(minutes=minutes), capacity=1,
        location_kind=kind, location_detail=detail,
    )  # fmt: skip


THREE = (place("phone", "We call you"), place("in_person", ALMADA), place("in_person", ROSSIO))


def test_the_first_place_of_a_kind_is_named_by_its_kind_and_further_ones_by_their_number() -> None:
    assert list(locations_of(visit(*THREE)).items()) == [
        ("in_person", ("in_person", QUAY)),
        ("phone", ("phone", "We call you")),
        ("in_person-2", ("in_person", ALMADA)),
        ("in_person-3", ("in_person", ROSSIO)),
    ]
    assert locations_of(visit()) == {"in_person": ("in_person", QUAY)}


@pytest.mark.parametrize(
    ("key", "kind", "detail", "several"),
    [
        ("in_person", "in_person", QUAY, True),
        ("in_person-2", "in_person", ALMADA, True),
        ("in_person-3", "in_person", ROSSIO, True),
        ("phone", "phone", "We call you", False),
    ],
)
def test_a_key_chooses_its_place_and_leaves_the_others_beside_it(
    key: str, kind: str, detail: str, several: bool
) -> None:
    stored = visit(*THREE)
    wanted = chosen(stored, location=key)
    assert (wanted.location_kind, wanted.location_detail) == (kind, detail)
    assert sorted(locations_of(wanted).values()) == sorted(locations_of(stored).values())
    assert is_one_of_several(wanted) is several
    assert stored.more_locations == list(THREE)


@pytest.mark.parametrize(
    "key", ["in_person-1", "in_person-4", "in_person-02", "phone-2", "zoom", "IN_PERSON"]
)
def test_a_key_that_is_not_on_offer_is_refused_with_those_that_are(key: str) -> None:
    with pytest.raises(InvalidBooking) as refused:
        chosen(visit(*THREE), location=key)
    assert (refused.value.field, refused.value.message) == (
        "location",
        f"This meeting can take place: in_person ({QUAY}), phone, in_person-2 ({ALMADA}), in_person-3 ({ROSSIO}).",
    )


@pytest.mark.parametrize(
    ("kind", "detail", "key"),
    [
        ("in_person", QUAY, "in_person"),
        ("in_person", ROSSIO, "in_person-3"),
        ("in_person", "Where we were before", "in_person"),
        ("phone", "You call us", "phone"),
        ("zoom", "", "zoom"),
    ],
)
def test_a_meetings_place_is_found_by_kind_and_detail_or_else_by_its_kind(
    kind: str, detail: str, key: str
) -> None:
    assert choices_of(meeting(visit(*THREE), kind, detail, minutes=45)) == (
        ("duration", "45"),
        ("location", key),
    )


def test_with_nothing_to_choose_nothing_was_chosen() -> None:
    assert choices_of(meeting(visit(), "in_person", QUAY)) == ()


def test_a_meeting_keeps_its_own_address_whatever_its_type_offers() -> None:
    here = meeting(visit(*THREE), "in_person", ALMADA)
    for wanted in (of_meeting(here), as_met(here)):
        assert (wanted.location_kind, wanted.location_detail) == ("in_person", ALMADA)
    gone = of_meeting(meeting(visit(), "in_person", ALMADA))
    assert (gone.location_detail, gone.more_locations) == (ALMADA, [])
