"""Bookings that meet on Microsoft Teams: one event with one meeting, proven by reading it back, or nothing at all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from audit.api import latest_run, undo_run
from booking.api import EventType, Host, cancel, get_booking, move
from providers.api import MeetingLink, MeetingRequest, meeting_provider, sync_calendar
from providers.models import Calendar, CalendarChange, VendorMeeting
from providers.protocols import NotJoinable, Rejected
from tests.booking.scene import OWNER, booked, colleague, now, workday
from tests.booking.test_google_meet import given, host_of, live_rows, proven, request_for, settled
from tests.database import World
from tests.providers.conftest import connect_microsoft
from tests.providers.conftest import microsoft as microsoft
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.smtp import MailSink
from tests.simulators.vendor import Reply

ANA, RUI = "ana@acme.example", "rui@acme.example"


@pytest.fixture
def acme(world: World, microsoft: MicrosoftSimulator, mails: MailSink) -> Iterator[MicrosoftSimulator]:
    """Acme, where intro calls meet on Teams and Ana has her Outlook calendar connected."""
    with world.enter("acme"):
        EventType.objects.filter(slug="intro-call").update(location_kind="microsoft_teams")
        connect_microsoft(microsoft, Host.objects.get(slug="ana").pk)
        yield microsoft


def test_a_booking_is_confirmed_with_a_link_that_was_read_back(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    assert booking.status == "confirmed"
    (event,) = acme.events(ANA)
    assert booking.meeting.join_url == event["onlineMeeting"]["joinUrl"]
    assert booking.meeting.join_url.startswith("https://teams.microsoft.com/l/meetup-join/")
    assert booking.meeting.link_proof["evidence"]["provider"] == "teamsForBusiness"
    assert event["subject"].endswith(": Ben Ode")  # the same event was filled in
    content = event["body"]["content"]
    assert ("ben@example.com" in content, "Join Microsoft Teams Meeting" in content) == (True, True)


def test_cancelling_leaves_neither_event_nor_meeting(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    cancel(booking, reason="", now=now(), actor=OWNER)
    assert settled(booking).status == "cancelled"
    assert acme.events(ANA) == []
    assert not VendorMeeting.objects.filter(cancelled_at=None).exists()


def test_a_reschedule_moves_the_event_and_keeps_link_words_and_meeting(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    before = booking.meeting.join_url
    for hour in (14, 15):
        move(booking, start=workday(hour), now=now(), actor=OWNER)
        booking = settled(booking)
    (event,) = acme.events(ANA)
    start = acme.default(ANA).interval(event)[0]
    assert (booking.meeting.starts_at, start, booking.meeting.join_url) == (workday(15), workday(15), before)
    assert (event["isOnlineMeeting"], event["onlineMeeting"]["joinUrl"]) == (True, before)
    content = event["body"]["content"]
    assert (content.count("ben@example.com"), content.count("Join Microsoft Teams Meeting")) == (1, 1)
    assert VendorMeeting.objects.filter(cancelled_at=None).count() == 1


def test_another_host_gets_a_link_of_their_own_and_undo_makes_one_for_the_first(
    acme: MicrosoftSimulator,
) -> None:
    acme.consent.accounts.append(RUI)
    acme.make_calendar(RUI, name="Calendar", is_default=True)
    rui = colleague()
    connect_microsoft(acme, rui.pk, account=RUI)
    booking = settled(booked("intro-call", workday(10)))
    before = booking.meeting.join_url
    assert given(booking, rui).status == "confirmed"
    after = get_booking(booking.uid).meeting
    (event,) = acme.events(RUI)
    assert (host_of(booking), acme.events(ANA), after.join_url != before) == ("rui", [], True)
    assert (event["onlineMeeting"]["joinUrl"], proven(after)) == (after.join_url, after.join_url)
    assert VendorMeeting.objects.filter(cancelled_at=None).count() == 1
    run = latest_run(f"meeting:{after.uid}", workflow="new_booking", reassignment=True)
    assert run is not None
    undo_run(run.pk, actor=OWNER, now=now())
    back = settled(booking).meeting
    (event,) = acme.events(ANA)
    assert (host_of(booking), acme.events(RUI), proven(back)) == (
        "ana",
        [],
        event["onlineMeeting"]["joinUrl"],
    )


def test_a_failed_handover_takes_its_meeting_back_and_leaves_the_first(acme: MicrosoftSimulator) -> None:
    acme.consent.accounts.append(RUI)
    acme.make_calendar(RUI, name="Calendar", is_default=True)
    rui = colleague()
    connect_microsoft(acme, rui.pk, account=RUI)
    booking = settled(booked("intro-call", workday(10)))
    acme.default(RUI).online = ()
    assert given(booking, rui).status == "failed"
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), acme.events(RUI), proven(after)) == ("ana", [], booking.meeting.join_url)


def test_what_microsoft_does_to_the_event_afterwards_is_no_change_of_anas(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    calendar = Calendar.objects.get(is_destination=True)
    sync_calendar(calendar.pk, now=now())
    (event,) = acme.events(ANA)
    acme.change(acme.default(ANA), event["id"], importance="normal")
    sync_calendar(calendar.pk, now=now())
    assert (CalendarChange.objects.count(), settled(booking).status) == (0, "confirmed")


def test_the_link_follows_its_event_into_another_calendar(acme: MicrosoftSimulator) -> None:
    other = acme.make_calendar(ANA, name="Clients")
    connect_microsoft(acme, Host.objects.get(slug="ana").pk)
    booking = settled(booked("intro-call", workday(10)))
    calendar = Calendar.objects.get(is_destination=True)
    sync_calendar(calendar.pk, now=now())
    (event,) = acme.events(ANA)
    acme.carry(acme.default(ANA), event["id"], other)
    sync_calendar(calendar.pk, now=now())
    booking = settled(booking)
    assert (booking.status, CalendarChange.objects.get().answer) == ("confirmed", "in_another_calendar")
    (row,) = VendorMeeting.objects.all()
    teams, request = meeting_provider("microsoft_teams"), request_for(uid=booking.meeting.uid)
    link = MeetingLink(kind=row.kind, key=row.key, url=row.url)
    assert teams.prove(link, request, now=now()).url == booking.meeting.join_url
    cancel(booking, reason="", now=now(), actor=OWNER)
    settled(booking)
    assert (acme.events(ANA), other.events) == ([], {})


def test_an_address_that_takes_a_moment_is_waited_for(acme: MicrosoftSimulator) -> None:
    acme.online.pending = 2
    assert settled(booked("intro-call", workday(10))).status == "confirmed"


def test_an_account_without_teams_fails_closed_and_leaves_nothing(acme: MicrosoftSimulator) -> None:
    acme.default(ANA).online = ()
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, live_rows(booking.meeting), acme.events(ANA)) == ("failed", 0, [])


def test_without_an_outlook_calendar_it_fails_closed(acme: MicrosoftSimulator) -> None:
    Calendar.objects.update(is_destination=False)
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, live_rows(booking.meeting)) == ("failed", 0)


@pytest.mark.parametrize("returns_duplicates", [False, True])
def test_an_answer_that_was_lost_makes_one_event_and_one_meeting(
    returns_duplicates: bool, acme: MicrosoftSimulator
) -> None:
    acme.returns_duplicates = returns_duplicates
    acme.fail("POST /v1.0/me/calendars", after=True, drop=True)
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, len(acme.events(ANA))) == ("confirmed", 1)


def test_what_is_no_proof(acme: MicrosoftSimulator) -> None:
    teams, request = meeting_provider("microsoft_teams"), request_for()
    link = teams.create(request, now=now())
    assert teams.create(request, now=now()) == link
    assert teams.prove(link, request, now=now()).url == link.url
    with pytest.raises(NotJoinable, match="another Teams link"):
        teams.prove(MeetingLink(kind=link.kind, key=link.key, url=f"{link.url}x"), request, now=now())
    with pytest.raises(NotJoinable, match="another meeting"):
        teams.prove(link, request_for(uid="meeting-2"), now=now())
    (event,) = acme.default(ANA).events.values()
    elsewhere = link.url.replace("teams.microsoft.com", "teams.example")
    for change in (
        {"onlineMeeting": {"joinUrl": elsewhere}},
        {"onlineMeetingProvider": "skypeForBusiness"},
        {"isOnlineMeeting": False},
    ):
        kept = {name: event[name] for name in change}
        event.update(change)
        with pytest.raises(NotJoinable, match="another Teams link, or none"):
            teams.prove(replace(link, url=elsewhere), request, now=now())
        event.update(kept)
    acme.remove(acme.default(ANA), event["id"])
    with pytest.raises(NotJoinable, match="gone from the calendar"):
        teams.prove(link, request, now=now())


def test_two_keys_share_a_meeting_until_the_last_one_is_cancelled(acme: MicrosoftSimulator) -> None:
    teams = meeting_provider("microsoft_teams")
    first = teams.create(request_for(), now=now())
    second = teams.create(request_for(key="meeting-1-m1"), now=now())
    assert first.url == second.url
    assert teams.cancel(first.key, now=now()) is True
    assert (len(acme.events(ANA)), teams.find(first.key), teams.find(second.key)) == (1, None, second)
    assert (teams.cancel(second.key, now=now()), teams.cancel(second.key, now=now())) == (True, False)
    assert acme.events(ANA) == []


def test_taking_the_link_back_leaves_a_written_event_without_a_meeting(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    (row,) = VendorMeeting.objects.all()
    assert meeting_provider("microsoft_teams").cancel(row.key, now=now()) is True
    (event,) = acme.events(ANA)
    content = event["body"]["content"]
    assert (event["isOnlineMeeting"], "Join Microsoft" in content, "ben@example.com" in content) == (
        False, False, True,
    )  # fmt: skip
    assert booking.meeting.starts_at == acme.default(ANA).interval(event)[0]


def test_a_meeting_is_put_on_an_event_that_is_there_already(acme: MicrosoftSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    teams = meeting_provider("microsoft_teams")
    (row,) = VendorMeeting.objects.all()
    teams.cancel(row.key, now=now())
    request = request_for(uid=booking.meeting.uid, key=f"{booking.meeting.uid}-again")
    link = teams.create(request, now=now())
    (event,) = acme.events(ANA)
    assert (event["onlineMeeting"]["joinUrl"], teams.prove(link, request, now=now()).url) == (
        link.url,
        link.url,
    )


def test_a_microsoft_that_is_down_while_taking_back_is_asked_again(acme: MicrosoftSimulator) -> None:
    teams = meeting_provider("microsoft_teams")
    link = teams.create(request_for(), now=now())
    acme.fail("DELETE ", reply=Reply(status=500), times=3)
    with pytest.raises(Exception, match="fault of its own"):
        teams.cancel(link.key, now=now())
    assert teams.cancel(link.key, now=now()) is True


def test_nobody_else_gets_a_link(acme: MicrosoftSimulator) -> None:
    request = MeetingRequest(
        key="k", meeting_uid="m", title="x", starts_at=workday(9), ends_at=workday(10), host_ids=()
    )
    with pytest.raises(Rejected, match="No host of this meeting writes to an Outlook calendar"):
        meeting_provider("microsoft_teams").create(request, now=now())
