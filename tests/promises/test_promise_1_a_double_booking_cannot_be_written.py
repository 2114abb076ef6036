"""Promise 1. The database refuses an overlap on every path: page, API, move, undo, raw SQL; for every kind of
meeting, with its buffers, for holds; and when clients race on connections of their own."""

from collections import Counter
from datetime import datetime
from functools import partial

import psycopg
import pytest
from django.test import Client

from audit.api import Run, UndoRefused, undo_run
from booking.api import Attendee, Booking, EventType, SlotRefused
from jobs.api import drain
from tests.booking.scene import OWNER, booked, now
from tests.database import World
from tests.portal.api.asking import at, bearer, book, read, send, token_of
from tests.promises.scene import TAKEN, at_once, overlaps
from tests.simulators.smtp import MailSink

MANY_HOSTS = list(range(1_000, 1_200))  # enough that two claims in opposite order surely meet half-way


def test_promise_1_a_double_booking_cannot_be_written(world: World, acme: Client, mails: MailSink) -> None:
    visit = read(book(acme, at(11), event_type="site-visit"))  # blocks 10:30 to 13:00, buffers included
    for event_type, start in [
        ("site-visit", at(11)),
        ("consultation", at(12)),
        ("intro-call", at(10, 30)),
        ("intro-call", at(12, 30)),
        ("site-visit", at(9, 30)),
    ]:
        refused = book(acme, start, event_type=event_type)
        assert (refused.status_code, read(refused)["code"] in TAKEN) == (409, True), (event_type, start)

    wanted = {"start": at(14), "time_zone": "Europe/Lisbon"}
    assert acme.post("/book/intro-call/hold", wanted).status_code == 303
    assert acme.post("/book/intro-call/hold", wanted).status_code == 409
    assert book(acme, at(14)).status_code == 409

    later = read(book(acme, at(15), event_type="site-visit"))
    moved = send(
        acme,
        f"/api/v1/bookings/{later['uid']}/reschedule",
        {"start": at(12)},
        headers=bearer(token_of(later)),
    )
    assert (moved.status_code, read(moved)["code"] in TAKEN) == (409, True)

    send(acme, f"/api/v1/bookings/{visit['uid']}/cancel", {}, headers=bearer(token_of(visit)))
    drain()
    assert book(acme, at(11), event_type="consultation").status_code == 201
    with world.enter("acme"):
        cancellation = Run.objects.get(workflow="cancellation")
        with pytest.raises(UndoRefused, match="The time is gone"):
            undo_run(cancellation.pk, actor=OWNER, now=now())

    with world.superuser("acme") as database, pytest.raises(psycopg.errors.ExclusionViolation) as by_sql:
        database.execute(
            "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) "
            "SELECT resource_id, meeting_id, blocked FROM booking_occupancy WHERE retired_at IS NULL LIMIT 1"
        )
    assert by_sql.value.sqlstate == "23P01"
    assert overlaps(world, "acme") == 0


def test_no_kind_of_meeting_is_exempt(world: World, northwind: Client) -> None:
    assert book(northwind, at(10), event_type="workshop").status_code == 201  # Eva-Maria's group, two hours
    assert book(northwind, at(11), event_type="meet", host="eva-maria").status_code == 409
    assert book(northwind, at(14), event_type="panel").status_code == 201  # Bruno, Chloé and Daniel, an hour
    for host in ("bruno", "chloe", "daniel"):
        assert book(northwind, at(14, 30), event_type="meet", host=host).status_code == 409
    assert book(northwind, at(14, 30), event_type="panel").status_code == 409
    anyone = [book(northwind, at(14), event_type="meet") for _ in range(4)]
    assert Counter(each.status_code for each in anyone) == {201: 3, 409: 1}
    assert overlaps(world, "northwind") == 0


def test_clients_who_race_get_one_booking_a_place(world: World) -> None:
    for hour in (9, 11, 13, 15):
        start = datetime.fromisoformat(at(hour))
        half_past = datetime.fromisoformat(at(hour, 30))
        tries = [("consultation", start), ("intro-call", half_past), ("consultation", start)] * 2
        outcomes = at_once([partial(_outcome, world, "acme", *each) for each in tries])
        assert outcomes.count("booked") == 1, outcomes
        assert set(outcomes) <= {"booked", *TAKEN}
    with world.enter("northwind"):
        EventType.objects.filter(slug="workshop").update(capacity=2)
    start = datetime.fromisoformat(at(10))
    assert _outcome(world, "northwind", "workshop", start) == "booked"
    outcomes = at_once([partial(_outcome, world, "northwind", "workshop", start)] * 6)
    assert Counter(outcomes) == {"booked": 1, "seats_full": 5}
    assert (overlaps(world, "acme"), overlaps(world, "northwind")) == (0, 0)


def test_claims_that_meet_half_way_wait_and_never_deadlock(world: World) -> None:
    def claim(hosts: list[int]) -> str:
        with world.app("acme") as database:
            try:
                for _ in range(20):
                    with database.transaction(force_rollback=True):
                        database.execute("SELECT claim_v1(1, %s, '[2030-01-01,2030-01-02)')", [hosts])
            except psycopg.errors.DeadlockDetected:
                return "deadlock"
        return "no deadlock"

    orders = [MANY_HOSTS, MANY_HOSTS[::-1]]
    assert at_once([partial(claim, hosts) for hosts in orders]) == ["no deadlock", "no deadlock"]


def _outcome(world: World, slug: str, event_type: str, start: datetime) -> str:
    """Book as another client would; return "booked" or why not."""
    with world.enter(slug):
        try:
            booked(event_type, start, attendee=Attendee("Ben Ode", "ben@example.com"))
        except SlotRefused as refused:
            return str(refused.code)
        except Exception as error:  # anything else is a way out that no client may see
            return f"{type(error).__name__}: {error}"
    return "booked"


def test_without_the_guard_nothing_is_booked(world: World, acme: Client) -> None:
    with world.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
    refused = book(acme, at(11), event_type="site-visit")
    page = acme.post("/book/intro-call/hold", {"start": at(14), "time_zone": "Europe/Lisbon"})
    assert (refused.status_code, read(refused)["code"], page.status_code) == (503, "busy", 503)
    assert "Nothing was booked" in page.content.decode()
    with world.enter("acme"):
        assert Booking.objects.count() == 0
