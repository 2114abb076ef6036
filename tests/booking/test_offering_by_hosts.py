"""What a host may change of a meeting type: each way out of the edit, and that the row's lock decides."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from audit.api import body_of_entry, entries
from booking.api import (
    EventType,
    EventTypeHost,
    EventTypeLocked,
    EventTypeNotFound,
    Host,
    InvalidOffering,
    Limit,
    Offering,
    Question,
    Resource,
    edit_event_type,
)
from tenants.api import current_tenant
from tests.booking.scene import OWNER
from tests.database import World


def wish(event_type: EventType, **changed: Any) -> Offering:
    """Return what a host wishes: new words and times, and every field of the business's another way."""
    wanted = Offering(
        title="Call me", slug="taken-over", description="Soon.", kind="group", capacity=40, duration_minutes=50,
        slot_interval_minutes=25, buffer_before_minutes=5, buffer_after_minutes=15, minimum_notice_minutes=90,
        window_days=9, location_kind="phone", location_detail="I call you", questions=(Question("Why?"),),
        hosts=(), active=False, reminder_minutes=(60,), requires_approval=True, approval_minutes=60,
        resources=((1, "all"),), more_durations=(), series_most=4, locked=True, slot_offset_minutes=5,
        limits=(Limit("day", "meetings", 1),),
    )  # fmt: skip
    return replace(wanted, **changed)


def intro() -> EventType:
    return EventType.objects.get(slug="intro-call")


def ana() -> int:
    return Host.objects.get(slug="ana").pk


def test_a_host_changes_what_is_theirs_and_the_businesss_stays_as_it_is(world: World) -> None:
    with world.enter("acme"):
        old = intro()
        EventType.objects.filter(pk=old.pk).update(limits=[["week", "meetings", 7]], approval_minutes=333)
        EventTypeHost.objects.filter(event_type=old).update(priority=3, weight=2)
        edit_event_type(old.pk, wish(old), by_host=ana(), actor=OWNER)
        new = intro()
        (row,) = EventTypeHost.objects.filter(event_type=new).select_related("host")
        (entry,) = entries(subject=f"event_type:{old.pk}")
    assert (new.title, new.description, new.location_kind, new.location_detail) == (
        "Call me", "Soon.", "phone", "I call you",
    )  # fmt: skip
    assert (new.duration_minutes, new.slot_interval_minutes, new.slot_offset_minutes) == (50, 25, 5)
    assert (new.buffer_before_minutes, new.buffer_after_minutes, new.minimum_notice_minutes) == (5, 15, 90)
    assert (new.window_days, new.reminder_minutes, len(new.questions)) == (9, [60], 1)
    assert (new.slug, new.kind, new.capacity, new.active) == ("intro-call", "one_on_one", 1, True)
    assert (new.requires_approval, new.approval_minutes, new.series_most) == (False, 333, 0)
    assert (new.locked, new.limits) == (False, [["week", "meetings", 7]])
    assert (row.host.slug, row.priority, row.weight) == ("ana", 3, 2)
    body = body_of_entry(entry)
    assert (body["payload"]["before"]["duration_minutes"], body["payload"]["after"]["duration_minutes"]) == (
        30,
        50,
    )
    assert body["payload"]["before"]["hosts"] == body["payload"]["after"]["hosts"]


def test_a_locked_type_is_refused_in_words_and_nothing_is_written(world: World) -> None:
    with world.enter("acme"):
        old = intro()
        EventType.objects.filter(pk=old.pk).update(locked=True)
        with pytest.raises(EventTypeLocked) as fault:
            edit_event_type(old.pk, wish(old), by_host=ana(), actor=OWNER)
        name = current_tenant().name
        assert (intro().title, len(entries(subject=f"event_type:{old.pk}"))) == ("Intro call", 0)
    words = f"{name} has locked this meeting type. Ask an owner or admin to change it."
    assert fault.value.message == words


def test_a_type_of_others_is_not_there_for_a_host(world: World) -> None:
    with world.enter("acme"):
        resource = Resource.objects.create(kind="host", name="Bob")
        bob = Host.objects.create(
            resource=resource, name="Bob", slug="bob", email="b@acme.example", time_zone="UTC"
        )
        with pytest.raises(EventTypeNotFound):
            edit_event_type(intro().pk, wish(intro()), by_host=bob.pk, actor=OWNER)
        assert intro().title == "Intro call"


def test_a_wrong_wish_of_a_host_is_refused_as_anybodys(world: World) -> None:
    with world.enter("acme"), pytest.raises(InvalidOffering) as fault:
        edit_event_type(intro().pk, wish(intro(), slot_offset_minutes=25), by_host=ana(), actor=OWNER)
    assert list(fault.value.faults) == ["slot_offset_minutes"]


def test_a_lock_that_is_set_meanwhile_is_waited_for_and_counts(world: World) -> None:
    def host_edits() -> str:
        try:
            with world.enter("acme"):
                edit_event_type(intro().pk, wish(intro()), by_host=ana(), actor=OWNER)
        except EventTypeLocked:
            return "locked"
        finally:
            connection.close()
        return "stored"

    with ThreadPoolExecutor(1) as pool:
        with world.enter("acme"), transaction.atomic():
            EventType.objects.filter(slug="intro-call").update(locked=True)
            answer = pool.submit(host_edits)
            while not (_somebody_waits() or answer.done()):
                pass
        assert answer.result(timeout=30) == "locked"


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid() AND"
            " transactionid = pg_current_xact_id()::xid"
        )
        return bool(cursor.fetchone()[0])
