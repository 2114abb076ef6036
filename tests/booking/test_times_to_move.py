"""What is offered to who could not move: times to which this very booking moves, with what it keeps."""

from collections.abc import Callable
from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from booking.api import (
    Booking,
    EventType,
    Host,
    SlotRefused,
    book,
    get_booking,
    get_event_type,
    get_host,
    make_resource,
    move,
    progress,
    set_host_limits,
)
from booking.core.limits import Limit
from booking.messages import Alternative
from booking.models import EventTypeResource
from kernel.reasons import Reason
from tests.booking.clockwork import perform_all
from tests.booking.scene import BEN, CLIENT, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.http import Answer, http_site
from tests.simulators.smtp import MailSink

ONE_A_WEEK = [Limit("week", "meetings", 1)]


def refused(booking: Booking, start: datetime) -> SlotRefused:
    with pytest.raises(SlotRefused) as told:
        move(get_booking(booking.uid), start=start, now=now(), actor=CLIENT)
    return told.value


def test_the_meeting_itself_neither_counts_nor_blocks_and_its_own_start_is_no_other_time(
    world: World,
) -> None:
    with world.enter("acme"):
        set_host_limits(get_host("ana"), ONE_A_WEEK, actor=OWNER)
        visit = booked("site-visit", workday(11))  # with buffers from 10:30 to 13:00
        told = refused(visit, workday(11, 10))
        assert told.reason == Reason.OUTSIDE_HOURS
        near = [workday(10, 30), workday(11, 30), workday(12)]
        assert [each.start for each in told.alternatives] == near
        assert move(visit, start=near[0], now=now(), actor=CLIENT).starts_at == near[0]


def test_a_move_that_failed_offers_the_week_that_is_full_of_itself_on_the_page_and_in_the_mail(
    world: World, web: str, mails: MailSink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed: list[datetime] = []
    with world.enter("acme"):
        set_host_limits(get_host("ana"), ONE_A_WEEK, actor=OWNER)
        call = booked("intro-call", workday(11))
        perform_all()
        _note_what_is_mailed(monkeypatch, mailed)
        with http_site(lambda seen: Answer(status=500)) as broken:
            settings.HOLDFAST_SELF_ADDRESS = broken.address
            lost = move(get_booking(call.uid), start=workday(14), now=now(), actor=CLIENT)
            perform_all()
        lost.refresh_from_db()
        assert lost.status == "failed"
        near = [workday(13, 30), workday(14), workday(14, 30)]
        shown = progress(get_booking(call.uid), now=now())
        assert [each.start for each in shown.alternatives] == near
        assert mailed == near


def _note_what_is_mailed(monkeypatch: pytest.MonkeyPatch, mailed: list[datetime]) -> None:
    from booking.workflows import telling_failed

    compose: Callable[..., object] = telling_failed.compose.move_failed_for_attendee

    def noted(*facts: object, **more: object) -> object:
        alternatives: list[Alternative] = more["alternatives"]  # type: ignore[assignment]
        mailed.extend(each.starts_at for each in alternatives)
        manage_url = facts[0].manage_url  # type: ignore[attr-defined]
        assert {each.url for each in alternatives} == {manage_url}, "taken there it is moved, not booked anew"
        return compose(*facts, **more)

    monkeypatch.setattr(telling_failed.compose, "move_failed_for_attendee", noted)


def test_the_host_and_the_room_that_are_kept_are_free_at_what_is_offered(
    world: World, mails: MailSink
) -> None:
    with world.enter("northwind"):
        blue, green = (make_resource(name, kind="room", actor=OWNER) for name in ("Blue", "Green"))
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        for room in (blue, green):
            EventTypeResource.objects.create(
                event_type=EventType.objects.get(slug="meet"), resource=room, need="any"
            )
        bruno, chloe = get_host("bruno"), get_host("chloe")
        mine, others = _met(bruno, 11), _met(chloe, 14)
        _met(bruno, 15)
        assert mine.meeting.resources.get() == others.meeting.resources.get() == blue
        offered = refused(mine, workday(14, 40)).alternatives
        assert {each.host_ids for each in offered} == {(bruno.pk,)}
        taken = {workday(14), workday(15)}  # Blue is Chloé's at two, and Bruno is busy at three
        assert (len(offered), taken & {each.start for each in offered}) == (3, set())


def _met(host: Host, hour: int) -> Booking:
    return book(
        get_event_type("meet"), start=workday(hour), time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="v", host=host,
    ).booking  # fmt: skip
