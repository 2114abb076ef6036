"""What Ana does in her calendar reaches the booking: moved, cancelled, or put back; echoes do nothing.

Each test runs with Google and Microsoft (simulated), with CalDAV at a real Radicale and a real Xandikos, and with a
CalDAV server that has no sync-collection: one with a tag for the whole calendar, one with etags only.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import cast

import pytest
from pytest_django import Settings

from audit.api import latest_run, undo_run
from audit.models import Entry
from booking.api import Incident, cancel, get_booking, move, reassign
from booking.following_calendars import answer_change
from jobs.api import Later, Lease, drain
from providers.api import (
    busy_times,
    choose_calendars,
    connect_caldav,
    get_calendar_connection,
    poll_calendars,
)
from providers.calendars.following import OwnEvent
from providers.calendars.syncing import note_owners_changes
from providers.models import Calendar, CalendarChange, CalendarEntry
from providers.protocols import Rejected
from tests.booking.desks import DavDesk, Desk, GoogleDesk, MicrosoftDesk
from tests.booking.scene import OWNER, booked, colleague, now, workday
from tests.database import World
from tests.providers.calendars.conftest import radicale_server as radicale_server
from tests.providers.calendars.conftest import xandikos_server as xandikos_server
from tests.providers.conftest import google as google
from tests.providers.conftest import microsoft as microsoft
from tests.simulators import caldav_proxy
from tests.simulators.dav_server import DavServer
from tests.simulators.smtp import MailSink

SERVERS: dict[str, tuple[str, tuple[bytes, ...], str]] = {
    "radicale": ("radicale_server", (), "sync:"),
    "xandikos": ("xandikos_server", (), "sync:"),
    "caldav with a tag": ("radicale_server", (b"sync-token",), "ctag:"),
    "caldav with etags": ("radicale_server", (b"sync-token", b"getctag"), "etags:"),
}
_numbers = count(1)


@pytest.fixture(params=["google", "microsoft", *SERVERS])
def desk(request: pytest.FixtureRequest, world: World, mails: MailSink, settings: Settings) -> Iterator[Desk]:
    if request.param in ("google", "microsoft"):
        simulator = request.getfixturevalue(request.param)
        with world.enter("acme"):
            yield GoogleDesk(simulator) if request.param == "google" else MicrosoftDesk(simulator)
        return
    fixture, hides, way = SERVERS[request.param]
    server: DavServer = request.getfixturevalue(fixture)
    with caldav_proxy.caldav_proxy(server.port) as proxy, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (proxy.address,)
        desk = DavDesk(server, proxy, f"desk-{next(_numbers)}", hides)
        assert Calendar.objects.get(pk=desk.calendar.pk).sync_token.startswith(way)
        yield desk


def test_our_own_event_comes_back_as_nothing(desk: Desk) -> None:
    assert desk.shown() == desk.booking.meeting.starts_at
    assert (desk.follow(), desk.sync()) == ("", False)
    answer = busy_times(
        [desk.host.pk], start=workday(9), end=workday(17), now=now(), max_age=timedelta(minutes=1)
    )
    assert (answer.busy, answer.stale) == ({desk.host.pk: ()}, {})


def test_an_event_that_ana_moves_moves_the_booking_through_the_guard(desk: Desk) -> None:
    start = workday(14, 10)  # between two starts of the page: it is her time
    length = desk.booking.meeting.ends_at - desk.booking.meeting.starts_at
    desk.drag(desk.event(), start, start + length)
    assert desk.follow() == "moved"
    meeting = desk.read().meeting
    assert (meeting.starts_at, meeting.sequence, desk.shown()) == (start, 1, start)
    actions = list(Entry.objects.order_by("seq").values_list("action", flat=True))
    assert "hold_new_time" in actions
    assert len(desk.held()) == 1
    assert desk.follow() == "moved"  # nothing new: what we wrote afterwards is an echo
    assert CalendarChange.objects.count() == 1


def test_an_event_that_ana_deletes_cancels_the_booking_once(desk: Desk) -> None:
    desk.remove(desk.event())
    assert desk.follow() == "cancelled"
    booking = desk.read()
    assert (booking.status, booking.cancel_reason) == ("cancelled", "The host took it out of the calendar.")
    assert desk.held() == {}
    desk.follow()
    assert CalendarChange.objects.count() == 1


def test_an_event_that_is_deleted_undone_and_deleted_again_cancels_the_booking_again(desk: Desk) -> None:
    for times in (1, 2):
        desk.remove(desk.event())
        assert desk.follow() == "cancelled"
        assert (desk.read().status, CalendarChange.objects.count()) == ("cancelled", times)
        run = latest_run(f"meeting:{desk.booking.meeting.uid}", workflow="cancellation")
        assert run is not None
        undo_run(run.pk, actor=OWNER, now=now())
        desk.perform()
        assert (desk.read().status, desk.shown()) == ("confirmed", desk.booking.meeting.starts_at)


def test_a_time_that_is_taken_is_refused_and_the_event_is_put_back(desk: Desk) -> None:
    other = booked("site-visit", workday(15))
    desk.perform()
    start = desk.booking.meeting.starts_at
    first = next(
        each for each in CalendarEntry.objects.all() if each.uid.startswith(desk.booking.meeting.uid)
    )
    there = get_booking(other.uid).meeting
    desk.drag(first.remote_id, there.starts_at, there.ends_at)
    assert desk.follow() == "put_back"
    assert desk.read().meeting.starts_at == start
    assert desk.held()[first.remote_id][0] == start
    incident = Incident.objects.get(kind="calendar_change_refused")
    assert "put back" in incident.title
    assert "put_event_back" in Entry.objects.values_list("action", flat=True)


def test_an_event_that_ana_moves_into_the_past_is_put_back(desk: Desk) -> None:
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    desk.drag(desk.event(), start - timedelta(days=21), end - timedelta(days=21))
    assert desk.follow() == "put_back"
    assert (desk.read().meeting.starts_at, list(desk.held().values())) == (start, [(start, end)])
    assert "too soon" in Incident.objects.get(kind="calendar_change_refused").consequence


def test_a_longer_event_is_put_back(desk: Desk) -> None:
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    desk.drag(desk.event(), start, end + timedelta(minutes=30))
    assert desk.follow() == "put_back"
    assert list(desk.held().values()) == [(start, end)]


def test_what_ana_took_back_before_we_looked_does_nothing(desk: Desk) -> None:
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    desk.drag(desk.event(), workday(14), workday(15))
    desk.sync()
    desk.drag(desk.event(), start, end)
    desk.perform()
    assert CalendarChange.objects.get().answer == "as_booked"
    assert desk.read().meeting.sequence == 0


def test_words_that_ana_changes_are_hers(desk: Desk) -> None:
    desk.rename(desk.event(), "My own words")
    assert desk.follow() == ""


def test_what_we_move_and_cancel_ourselves_is_no_change_of_anas(desk: Desk) -> None:
    move(desk.booking, start=workday(12), now=now(), actor=OWNER)
    desk.perform()
    assert (desk.follow(), desk.shown()) == ("", workday(12))
    cancel(desk.read(), reason="", now=now(), actor=OWNER)
    desk.perform()
    assert (desk.follow(), desk.held()) == ("", {})


def test_a_deletion_that_an_expired_token_hid_is_found(desk: Desk) -> None:
    desk.remove(desk.event())
    desk.forget()
    assert desk.follow() == "cancelled"


def test_a_vendor_that_is_silent_is_asked_again(desk: Desk) -> None:
    desk.remove(desk.event())
    desk.sync()
    desk.break_down()
    drain()
    assert desk.read().status == "confirmed"
    desk.mend()
    desk.perform()
    assert desk.read().status == "cancelled"


def test_an_echo_is_known_by_its_etag_alone(desk: Desk) -> None:
    entry = CalendarEntry.objects.get()
    later = entry.starts_at + timedelta(minutes=1)  # as a vendor that rounds might give it back
    echo = OwnEvent(
        remote_id=entry.remote_id, uid=entry.uid, etag=entry.etag, is_deleted=False,
        starts_at=later, ends_at=entry.ends_at,
    )  # fmt: skip
    assert note_owners_changes(desk.calendar, [echo], now=now()) == 0
    assert note_owners_changes(desk.calendar, [replace(echo, etag="another")], now=now()) == 1


def test_a_move_of_ours_follows_one_of_anas_whatever_her_program_counted(desk: Desk) -> None:
    """CalDAV programs count SEQUENCE up as they like: ours is told by our own count."""
    start, end = workday(14), workday(14) + (desk.booking.meeting.ends_at - desk.booking.meeting.starts_at)
    desk.drag(desk.event(), start, end)
    assert desk.follow() == "moved"
    move(desk.read(), start=workday(12), now=now(), actor=OWNER)
    desk.perform()
    assert (desk.shown(), desk.follow()) == (workday(12), "moved")
    assert CalendarChange.objects.count() == 1


def test_an_event_leaves_the_calendar_that_is_not_written_to_any_more(desk: Desk) -> None:
    """Another calendar is chosen, then the booking moves: one event, in the new one, and no cancellation."""
    if not isinstance(desk, DavDesk):
        return
    other = desk.server.make_calendar(f"other-{next(_numbers)}")
    kept = connect_caldav(
        desk.host.pk,
        url=other.replace(desk.server.url, desk.proxy.url),
        username=desk.server.username,
        password=desk.server.password,
        now=now(),
    )
    there = kept.calendars.get()
    choose_calendars(get_calendar_connection(kept.pk), reads=[], writes=there.pk, actor=OWNER)
    move(desk.booking, start=workday(12), now=now(), actor=OWNER)
    desk.perform()
    assert (desk.held(), len(desk.server.objects(other))) == ({}, 1)
    assert (desk.follow(), desk.read().status) == ("", "confirmed")


def test_an_event_that_ana_takes_into_another_calendar_is_followed_and_written_there(desk: Desk) -> None:
    start = desk.booking.meeting.starts_at
    desk.carry(desk.event())
    assert desk.follow() == "in_another_calendar"
    assert (desk.read().status, desk.held(), desk.held_there()) == ("confirmed", {}, [start])
    move(desk.read(), start=workday(12), now=now(), actor=OWNER)
    desk.perform()
    assert (desk.held(), desk.held_there()) == ({}, [workday(12)])
    desk.follow()
    assert CalendarChange.objects.count() == 1
    cancel(desk.read(), reason="", now=now(), actor=OWNER)
    desk.perform()
    assert (desk.held(), desk.held_there()) == ({}, [])


def test_another_time_that_an_event_was_given_on_its_way_moves_the_booking(desk: Desk) -> None:
    start = workday(14, 10)
    length = desk.booking.meeting.ends_at - desk.booking.meeting.starts_at
    desk.drag(desk.event(), start, start + length)
    desk.carry(desk.event())
    assert desk.follow() == "moved"
    assert (desk.read().meeting.starts_at, desk.held(), desk.held_there()) == (start, {}, [start])


def test_what_ana_deletes_in_the_calendar_that_she_took_it_to_is_cancelled(desk: Desk) -> None:
    desk.carry(desk.event())
    desk.follow()
    Calendar.objects.update(synced_at=now())
    desk.calendar = Calendar.objects.get(entries__put_by_owner=True)
    Calendar.objects.filter(pk=desk.calendar.pk).update(synced_at=None, reads_busy=False)
    assert poll_calendars(now=now()) == 1
    desk.sync()
    desk.remove_there()
    assert desk.follow() == "cancelled"
    assert (desk.read().status, desk.held_there()) == ("cancelled", [])


def test_an_event_that_went_where_nobody_connected_us_counts_as_deleted(desk: Desk) -> None:
    desk.carry(desk.event())
    Calendar.objects.exclude(pk=desk.calendar.pk).delete()
    assert desk.follow() == "cancelled"


def test_another_calendar_of_the_account_that_is_silent_is_asked_again(desk: Desk) -> None:
    if isinstance(desk, DavDesk):
        return  # its calendars are connections of their own
    desk.carry(desk.event())
    desk.sync()
    desk.break_down()
    drain()
    assert desk.read().status == "confirmed"
    desk.mend()
    desk.perform()
    assert CalendarChange.objects.get().answer == "in_another_calendar"


def test_who_handed_the_meeting_over_changes_nothing_from_their_calendar(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(host_id: int, uid: str, **_: object) -> bool:
        raise Rejected(f"The calendar of host {host_id} refuses to give {uid} away.")

    monkeypatch.setattr("booking.actions.calendar_event.delete_event", refusing)
    reassign(desk.booking, host=colleague("site-visit"), now=now(), actor=OWNER)
    desk.perform()
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    assert (desk.read().meeting.hosts.get().slug, desk.shown()) == ("rui", start)
    desk.drag(desk.event(), workday(14), workday(14) + (end - start))
    assert desk.follow() == "not_followed"
    desk.remove(desk.event())
    assert desk.follow() == "not_followed"
    assert (desk.read().status, desk.read().meeting.starts_at) == ("confirmed", start)
    assert CalendarChange.objects.filter(kind="deleted").count() == 1


def test_what_the_hosts_do_while_the_meeting_goes_from_one_to_the_other_waits_until_that_is_settled(
    desk: Desk,
) -> None:
    if not isinstance(desk, GoogleDesk):
        return
    rui, entry = colleague("site-visit"), CalendarEntry.objects.get()
    changes = [
        CalendarChange.objects.create(
            host_id=host.pk,
            calendar=desk.calendar,
            uid=entry.uid,
            kind="deleted",
            etag=host.slug,
            seen_at=now(),
        )
        for host in (rui, desk.booking.meeting.hosts.get())
    ]
    handing = reassign(desk.booking, host=rui, now=now(), actor=OWNER)
    assert handing.status == "held"
    for change in changes:
        with pytest.raises(Later):
            answer_change(str(change.pk), cast(Lease, None))
    desk.perform()
    for change in changes:
        answer_change(str(change.pk), cast(Lease, None))
        change.refresh_from_db()
        assert change.answer == "not_followed"
    assert (desk.read().status, desk.read().meeting.hosts.get()) == ("confirmed", rui)


def test_an_event_that_ana_moves_out_of_what_is_followed_moves_the_booking(desk: Desk) -> None:
    start = workday(10, days=100)  # Microsoft tells that as if it were deleted
    length = desk.booking.meeting.ends_at - desk.booking.meeting.starts_at
    desk.drag(desk.event(), start, start + length)
    assert desk.follow() == "moved"
    booking = desk.read()
    assert (booking.status, booking.meeting.starts_at) == ("confirmed", start)
