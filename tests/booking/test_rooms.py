"""Rooms and equipment: claimed beside hosts, never twice, seen by the list, kept on a move, named to everybody."""

from collections.abc import Iterator

import psycopg
import pytest

from audit.api import undo_run
from audit.models import Run
from booking.api import (
    EventType,
    Host,
    Resource,
    SlotRefused,
    cancel,
    edit_resource,
    get_event_type,
    make_resource,
    move,
    reassign,
    slots,
)
from booking.models import EventTypeResource, Occupancy
from jobs.api import drain
from tests.booking.scene import LISBON, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

PANEL, MEET = "panel", "meet"


@pytest.fixture
def rooms(world: World, mails: MailSink) -> Iterator[tuple[Resource, Resource]]:
    """Northwind, where anybody's half hour is in person, in one of two rooms."""
    with world.enter("northwind"):
        blue, green = (make_resource(name, kind="room", actor=OWNER) for name in ("Blue", "Green"))
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        need(MEET, "any", blue, green)
        yield blue, green


def need(slug: str, how: str, *resources: Resource) -> None:
    event_type = EventType.objects.get(slug=slug)
    for resource in resources:
        EventTypeResource.objects.create(event_type=event_type, resource=resource, need=how)


def live(resource: Resource) -> int:
    return Occupancy.objects.filter(resource=resource, retired_at=None).count()


def reason_at(slug: str, hour: int) -> str | None:
    start = workday(hour)
    day = start.astimezone(LISBON).date()
    page = slots(
        get_event_type(slug), first=day, last=day, time_zone="Europe/Lisbon", now=now(), explain=True
    )
    return next((str(each.reason) for each in page.withheld if each.start == start), None)


def test_two_rooms_hold_two_meetings_however_many_hosts_are_free(rooms: tuple[Resource, Resource]) -> None:
    taken = [booked(MEET, workday(11)) for _ in range(2)]
    names = {each.meeting.resources.get().name for each in taken}
    assert names == {"Blue", "Green"}
    with pytest.raises(SlotRefused) as refused:
        booked(MEET, workday(11))
    assert refused.value.reason == "host_busy"
    assert [live(room) for room in rooms] == [1, 1]


def test_the_list_withholds_what_no_room_is_free_for_with_its_reason(
    rooms: tuple[Resource, Resource],
) -> None:
    assert reason_at(MEET, 11) is None
    for _ in range(2):
        booked(MEET, workday(11))
    assert reason_at(MEET, 11) == "host_busy"
    assert workday(12) in {slot.start for slot in first_slots(get_event_type(MEET), workday(12))}


def test_what_is_always_needed_is_needed_with_every_host(rooms: tuple[Resource, Resource]) -> None:
    projector = make_resource("Projector", kind="equipment", actor=OWNER)
    need(MEET, "all", projector)
    first = booked(MEET, workday(11))
    assert sorted(each.name for each in first.meeting.resources.all()) in (
        ["Blue", "Projector"],
        ["Green", "Projector"],
    )
    assert reason_at(MEET, 11) == "host_busy"


def test_another_meeting_type_does_not_get_the_room_either(rooms: tuple[Resource, Resource]) -> None:
    need(PANEL, "all", rooms[0])
    booked(PANEL, workday(11))
    assert booked(MEET, workday(11)).meeting.resources.get() == rooms[1]
    with pytest.raises(SlotRefused):
        booked(MEET, workday(11))


def test_a_room_out_of_use_is_offered_to_nobody(rooms: tuple[Resource, Resource]) -> None:
    edit_resource(rooms[0].pk, name="Blue", active=False, actor=OWNER)
    assert booked(MEET, workday(11)).meeting.resources.get() == rooms[1]
    edit_resource(rooms[1].pk, name="Green", active=False, actor=OWNER)
    assert first_slots(get_event_type(MEET), workday(11)) == ()


def test_a_cancelled_meeting_gives_its_room_back_and_undo_takes_it_again(
    rooms: tuple[Resource, Resource],
) -> None:
    booking = booked(MEET, workday(11))
    room = booking.meeting.resources.get()
    drain()
    cancel(booking, reason="", now=now(), actor=OWNER)
    assert live(room) == 0
    drain()
    undo_run(Run.objects.get(workflow="cancellation").pk, actor=OWNER, now=now())
    assert live(room) == 1


def test_a_move_keeps_the_room_and_is_refused_where_it_is_taken(rooms: tuple[Resource, Resource]) -> None:
    booking = booked(MEET, workday(11))
    room = booking.meeting.resources.get()
    others = [booked(MEET, workday(14)) for _ in range(2)]
    assert {each.meeting.resources.get() for each in others} == set(rooms)
    drain()
    with pytest.raises(SlotRefused):
        move(booking, start=workday(14), now=now(), actor=OWNER)
    move(booking, start=workday(15), now=now(), actor=OWNER)
    drain()
    booking.refresh_from_db()
    assert (booking.meeting.starts_at, live(room)) == (workday(15), 2)


def test_a_meeting_keeps_its_room_when_another_host_takes_it_over(rooms: tuple[Resource, Resource]) -> None:
    booking = booked(MEET, workday(11))
    room = booking.meeting.resources.get()
    drain()
    taker = Host.objects.filter(event_types__slug=MEET).exclude(meetings=booking.meeting)[0]
    reassign(booking, host=taker, now=now(), actor=OWNER)
    drain()
    assert (booking.meeting.hosts.get(), booking.meeting.resources.get(), live(room)) == (taker, room, 1)


def test_the_mail_and_the_invite_name_the_room(rooms: tuple[Resource, Resource], mails: MailSink) -> None:
    booking = booked(MEET, workday(11))
    room = booking.meeting.resources.get().name
    drain()
    (mail,) = [each.mail for each in mails.received if "ben@example.com" in each.recipients]
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"Where: {room}, 12 Quay Street" in body.get_content()
    invite = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert room in str(invite.get_payload(decode=True))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE booking_occupancy SET retired_at = now() WHERE resource_id = %(room)s",
        "DELETE FROM booking_occupancy WHERE resource_id = %(room)s",
    ],
)
def test_the_database_refuses_a_live_meeting_whose_room_is_not_blocked(
    world: World, rooms: tuple[Resource, Resource], statement: str
) -> None:
    booking = booked(MEET, workday(11))
    room = booking.meeting.resources.get()
    with world.superuser("northwind") as connection:
        connection.execute("DROP TRIGGER booking_occupancy_truth ON booking_occupancy")  # its own word alone
        with pytest.raises(psycopg.DatabaseError, match="is not blocked") as refused:
            connection.execute(statement, {"room": room.pk})  # type: ignore[arg-type]
    assert refused.value.sqlstate == "HF409"
