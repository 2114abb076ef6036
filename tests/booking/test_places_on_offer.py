"""Which places a meeting type may offer beside each other: several that clients can tell apart, the others once."""

from dataclasses import replace

import pytest

from booking.api import EventType, Host, InvalidOffering, Offering, create_event_type
from tests.booking.scene import OWNER
from tests.database import World

QUAY, ALMADA = ("in_person", "12 Quay Street"), ("in_person", "Rua do Almada 5")
SAME = "Two of these places are the same. Write each of them once."
ONCE = "Choose each way to meet online once: two of them cannot be told apart."
ONE_LINE = "Each place is one line of up to 300 characters."
TO_READ = "Write each of these places: clients choose by what they read."
TOGETHER = "A group session has one place: everybody comes to the same one."
WE, YOU = ("phone", "We call you"), ("phone", "You call +351 210 000 000")


def wish(*places: tuple[str, str]) -> Offering:
    """A right wish at these places, with Ana."""
    (kind, detail), *more = places
    return Offering(
        title="Second opinion", slug="", description="", kind="one_on_one", capacity=1, duration_minutes=45,
        slot_interval_minutes=45, buffer_before_minutes=0, buffer_after_minutes=0, minimum_notice_minutes=60,
        window_days=30, location_kind=kind, location_detail=detail, questions=(), active=True,
        hosts=((Host.objects.get(slug="ana").pk, 0),), more_locations=tuple(more),
    )  # fmt: skip


@pytest.mark.parametrize(
    "places",
    [
        (QUAY, ALMADA),
        (("built_in_room", ""), QUAY, ("google_meet", ""), ALMADA, WE, YOU),
        (WE, YOU, QUAY),
        (("in_person", ""),),
        tuple(("in_person", f"{number} Quay Street".ljust(300, "!")) for number in range(20)),
    ],
)
def test_places_that_clients_can_tell_apart_are_offered(
    world: World, places: tuple[tuple[str, str], ...]
) -> None:
    with world.enter("acme"):
        made = EventType.objects.get(pk=create_event_type(wish(*places), actor=OWNER).pk)
    more = [(each["kind"], each["detail"]) for each in made.more_locations]
    assert [(made.location_kind, made.location_detail), *more] == list(places)


@pytest.mark.parametrize(
    ("places", "faults"),
    [
        ((QUAY, QUAY), {"address": SAME}),
        ((("built_in_room", ""), QUAY, ("in_person", " 12  quay STREET")), {"address": SAME}),
        ((WE, WE), {"phone": SAME}),
        ((QUAY, ("in_person", "")), {"address": TO_READ}),
        ((("phone", " "), WE), {"phone": TO_READ}),
        ((("in_person", "12 Quay Street\nLisbon"),), {"address": ONE_LINE}),
        ((QUAY, ("in_person", "x" * 301)), {"address": ONE_LINE}),
        ((("google_meet", ""), ("google_meet", "")), {"more_locations": ONCE}),
        ((QUAY, ("built_in_room", ""), ("built_in_room", "")), {"more_locations": ONCE}),
        (
            (("fixed_link", "https://meet.example/a"), ("fixed_link", "https://meet.example/b")),
            {"more_locations": ONCE},
        ),
        (
            tuple(("in_person", f"{number} Quay Street") for number in range(21)),
            {"more_locations": "A meeting type has up to 20 places."},
        ),
    ],
)
def test_places_that_nobody_could_tell_apart_are_refused_in_words(
    world: World, places: tuple[tuple[str, str], ...], faults: dict[str, str]
) -> None:
    with world.enter("acme"), pytest.raises(InvalidOffering) as refused:
        create_event_type(wish(*places), actor=OWNER)
    assert refused.value.faults == faults


@pytest.mark.parametrize(
    ("places", "field"),
    [((QUAY, ALMADA), "address"), ((WE, YOU), "phone"), ((QUAY, WE), "more_locations")],
)
def test_a_session_has_one_place_and_says_so_where_the_others_were_written(
    world: World, places: tuple[tuple[str, str], ...], field: str
) -> None:
    with world.enter("acme"), pytest.raises(InvalidOffering) as refused:
        create_event_type(replace(wish(*places), kind="group", capacity=5), actor=OWNER)
    assert refused.value.faults == {field: TOGETHER}
