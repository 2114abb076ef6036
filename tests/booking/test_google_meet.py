"""Bookings that meet on Google Meet: one event with one conference, proven by reading it back, or nothing at all."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from audit.api import latest_run, undo_preview, undo_run
from booking.api import (
    Booking,
    EventType,
    Host,
    Incident,
    Meeting,
    Move,
    Occupancy,
    cancel,
    get_booking,
    move,
    reassign,
)
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from providers.api import MeetingLink, MeetingRequest, meeting_provider
from providers.models import Calendar, VendorMeeting
from providers.protocols import NotJoinable, Rejected
from tests.booking.scene import KIM, OWNER, booked, colleague, now, workday
from tests.database import World
from tests.providers.conftest import connect_google
from tests.providers.conftest import google as google
from tests.simulators.google import GoogleSimulator
from tests.simulators.google.store import Calendar as GoogleCalendar
from tests.simulators.smtp import MailSink
from tests.simulators.vendor import Reply

ANA, RUI = "ana@gmail.example", "rui@gmail.example"


@pytest.fixture
def acme(world: World, google: GoogleSimulator, mails: MailSink) -> Iterator[GoogleSimulator]:
    """Acme, where intro calls meet on Google Meet and Ana has her Google Calendar connected."""
    with world.enter("acme"):
        EventType.objects.filter(slug="intro-call").update(location_kind="google_meet")
        connect_google(google, Host.objects.get(slug="ana").pk)
        yield google


def settled(booking: Booking) -> Booking:
    """Perform what is due, retries too, and read the booking again."""
    for _ in range(8):
        drain()
        with entered(PUBLIC):
            if not Job.objects.filter(state=Job.State.QUEUED, kind="run").update(due_at=now()):
                break
    return get_booking(booking.uid)


def given(booking: Booking, host: Host) -> Move:
    """Give a booking's meeting to a host, and perform what follows."""
    handing = reassign(get_booking(booking.uid), host=host, now=now(), actor=OWNER)
    settled(booking)
    handing.refresh_from_db()
    return handing


def host_of(booking: Booking) -> str:
    return str(get_booking(booking.uid).meeting.hosts.get().slug)


def proven(meeting: Meeting) -> str:
    """Return the address of a meeting's link after it was proven once more, as before a reminder."""
    link = MeetingLink(kind=meeting.link_kind, key=meeting.link_key, url=meeting.join_url)
    request = request_for(uid=meeting.uid, key=meeting.link_key)
    return meeting_provider(meeting.link_kind).prove(link, request, now=now()).url


def words_to(sink: MailSink, address: str) -> str:
    """Return the text of the last mail to an address."""
    mail = [each.mail for each in sink.received if address in each.recipients][-1]
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def live_rows(meeting: Meeting) -> int:
    return Occupancy.objects.filter(meeting=meeting, retired_at=None).count()


def test_a_booking_is_confirmed_with_a_link_that_was_read_back(acme: GoogleSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    assert booking.status == "confirmed"
    (event,) = acme.events(ANA)
    assert booking.meeting.join_url == event["hangoutLink"]
    assert booking.meeting.link_proof["evidence"]["status"] == "success"
    assert event["summary"].endswith(": Ben Ode")  # the same event was filled in
    assert event["extendedProperties"]["private"]["holdfastHolder"] == "no"


def test_cancelling_leaves_neither_event_nor_conference(acme: GoogleSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    cancel(booking, reason="", now=now(), actor=OWNER)
    assert settled(booking).status == "cancelled"
    assert acme.events(ANA) == []
    assert not VendorMeeting.objects.filter(cancelled_at=None).exists()


def test_a_reschedule_keeps_link_and_event(acme: GoogleSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    before = booking.meeting.join_url
    move(booking, start=workday(14), now=now(), actor=OWNER)
    booking = settled(booking)
    (event,) = acme.events(ANA)
    assert (booking.meeting.starts_at, booking.meeting.join_url, event["hangoutLink"]) == (
        workday(14),
        before,
        before,
    )
    assert VendorMeeting.objects.filter(cancelled_at=None).count() == 1


@pytest.fixture
def rui(acme: GoogleSimulator) -> Host:
    """Rui, with a Google Calendar of his own."""
    acme.consent.accounts.append(RUI)
    acme.store.add(GoogleCalendar(id=RUI, owner=RUI, name=RUI, time_zone="Europe/Lisbon", is_primary=True))
    host = colleague()
    connect_google(acme, host.pk, account=RUI)
    return host


def test_another_host_gets_a_link_of_their_own_and_undo_makes_one_for_the_first(
    acme: GoogleSimulator, rui: Host, mails: MailSink
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    before = booking.meeting.join_url
    assert given(booking, rui).status == "confirmed"
    after = get_booking(booking.uid).meeting
    (event,) = acme.events(RUI)
    assert (host_of(booking), acme.events(ANA)) == ("rui", [])
    assert (after.join_url, after.join_url != before, proven(after)) == (
        event["hangoutLink"],
        True,
        after.join_url,
    )
    assert (VendorMeeting.objects.filter(cancelled_at=None).count(), event["summary"]) == (
        1, "Intro call: Ben Ode",
    )  # fmt: skip
    told = words_to(mails, "ben@example.com")
    assert (after.join_url in told, before in told, "The link is a new one" in told, "place stay" in told) == (
        True, False, True, False,
    )  # fmt: skip
    assert "Link: A new one, made for you and tested" in words_to(mails, rui.email)
    run = latest_run(f"meeting:{after.uid}", workflow="new_booking", reassignment=True)
    assert run is not None
    assert undo_preview(run, now=now()).consequences[1] == (
        "Its link is made anew for them, and tested, before that counts."
    )
    undo_run(run.pk, actor=OWNER, now=now())
    back = settled(booking).meeting
    (event,) = acme.events(ANA)
    assert (host_of(booking), acme.events(RUI), back.join_url) == ("ana", [], event["hangoutLink"])
    assert (proven(back), VendorMeeting.objects.filter(cancelled_at=None).count()) == (back.join_url, 1)


def test_the_former_link_works_until_the_new_one_is_proven_and_stays_where_none_is(
    acme: GoogleSimulator, rui: Host, mails: MailSink
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    before, told = booking.meeting.join_url, len(mails.received)
    acme.conferences.fails = True
    handing = given(booking, rui)
    after = get_booking(booking.uid).meeting
    assert (handing.status, handing.failure_code) == ("failed", "link_unverified")
    assert "in the new host’s account" in handing.failure_words
    assert (host_of(booking), after.join_url, proven(after)) == ("ana", before, before)
    assert (acme.events(RUI), live_rows(after)) == ([], 1)
    assert "ben@example.com" not in {each for mail in mails.received[told:] for each in mail.recipients}
    assert (
        "Intro call of Ben Ode stays with Ana Martins A meeting link in the new host’s account"
        in words_to(mails, "ana@acme.example")
    )


def test_where_the_new_hosts_calendar_cannot_be_read_it_is_theirs_that_is_reported(
    acme: GoogleSimulator, rui: Host, mails: MailSink
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    handing = reassign(booking, host=rui, now=now(), actor=OWNER)
    acme.fail(reply=Reply(status=500), times=99)
    settled(booking)
    handing.refresh_from_db()
    assert (handing.status, handing.failure_words) == (
        "failed",
        "The new host’s calendar cannot be read right now, so the meeting stays as it is.",
    )
    incident = Incident.objects.get(kind="calendar_unreadable")
    assert (incident.subject, incident.title) == (
        f"host:{rui.pk}",
        "Rui Dias’s calendar could not be asked.",
    )
    assert "was not reassigned: it stays as it was" in incident.consequence


FORBIDDEN = Reply(
    status=403, json={"error": {"code": 403, "errors": [{"reason": "forbidden"}], "message": "no"}}
)


def test_the_former_hosts_calendar_is_left_though_the_new_ones_cannot_be_written(
    acme: GoogleSimulator, rui: Host
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    acme.fail("PATCH ", reply=FORBIDDEN, times=99)
    assert given(booking, rui).status == "confirmed"
    (event,) = acme.events(RUI)
    held = event["summary"]  # what holds the link until the event itself is written
    assert (host_of(booking), acme.events(ANA), held) == ("rui", [], "Intro call")
    meeting = get_booking(booking.uid).meeting
    assert proven(meeting) == meeting.join_url


def test_a_former_host_whose_calendar_refuses_keeps_an_event_without_the_link(
    acme: GoogleSimulator, rui: Host
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    acme.fail("DELETE ", reply=FORBIDDEN, times=99)
    given(booking, rui)
    (left,), (event,) = acme.events(ANA), acme.events(RUI)
    meeting = get_booking(booking.uid).meeting
    assert ("conferenceData" in left, event["summary"]) == (False, "Intro call: Ben Ode")
    assert proven(meeting) == meeting.join_url


def test_a_host_without_a_google_calendar_cannot_take_it_over(acme: GoogleSimulator) -> None:
    booking = settled(booked("intro-call", workday(10)))
    assert given(booking, colleague()).status == "failed"
    after = get_booking(booking.uid).meeting
    assert (host_of(booking), proven(after)) == ("ana", booking.meeting.join_url)


def test_who_joins_a_session_that_went_to_another_host_gets_the_new_link(
    acme: GoogleSimulator, rui: Host, mails: MailSink
) -> None:
    EventType.objects.filter(slug="intro-call").update(kind="group", capacity=3)
    booking = settled(booked("intro-call", workday(10)))
    given(booking, rui)
    later = settled(booked("intro-call", workday(10), attendee=KIM))
    assert (later.status, later.meeting_id, later.meeting.join_url) == (
        "confirmed", booking.meeting_id, get_booking(booking.uid).meeting.join_url,
    )  # fmt: skip
    assert (proven(later.meeting), later.meeting.join_url in words_to(mails, KIM.email)) == (
        later.meeting.join_url, True,
    )  # fmt: skip


def test_cancelled_before_a_handovers_tail_ran_it_leaves_both_calendars_and_the_former_host_is_told(
    acme: GoogleSimulator, rui: Host, mails: MailSink
) -> None:
    booking = settled(booked("intro-call", workday(10)))
    mails.turn_away()
    handing = reassign(booking, host=rui, now=now(), actor=OWNER)
    drain()
    handing.refresh_from_db()
    assert (handing.status, len(acme.events(ANA))) == ("confirmed", 1)
    mails.plan.clear()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=OWNER)
    assert settled(booking).status == "cancelled"
    assert (acme.events(ANA), acme.events(RUI)) == ([], [])
    assert "Rui Dias takes Intro call with Ben Ode" in words_to(mails, "ana@acme.example")
    assert not VendorMeeting.objects.filter(cancelled_at=None).exists()


def test_cancelled_before_a_moving_seats_tail_ran_it_leaves_the_session_that_it_came_from(
    acme: GoogleSimulator, mails: MailSink
) -> None:
    EventType.objects.filter(slug="intro-call").update(kind="group", capacity=3)
    booking = settled(booked("intro-call", workday(10)))
    mails.turn_away()
    move(booking, start=workday(14), now=now(), actor=OWNER)
    drain()
    assert (get_booking(booking.uid).meeting.starts_at, len(acme.events(ANA))) == (workday(14), 2)
    mails.plan.clear()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=OWNER)
    assert settled(booking).status == "cancelled"
    assert acme.events(ANA) == []


def test_a_conference_that_takes_a_moment_is_waited_for(acme: GoogleSimulator) -> None:
    acme.conferences.pending = 2
    assert settled(booked("intro-call", workday(10))).status == "confirmed"


def test_a_conference_that_google_refuses_fails_closed_and_leaves_nothing(acme: GoogleSimulator) -> None:
    acme.conferences.fails = True
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, live_rows(booking.meeting)) == ("failed", 0)
    assert [
        event
        for event in acme.events(ANA)
        if event["extendedProperties"]["private"]["holdfastHolder"] == "no"
    ] == []


def test_without_a_google_calendar_it_fails_closed_and_says_why(acme: GoogleSimulator) -> None:
    Calendar.objects.update(is_destination=False)
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, live_rows(booking.meeting)) == ("failed", 0)


def test_an_answer_that_was_lost_makes_one_event_and_one_conference(acme: GoogleSimulator) -> None:
    acme.fail("POST /calendar", after=True, drop=True)
    booking = settled(booked("intro-call", workday(10)))
    assert (booking.status, len(acme.events(ANA))) == ("confirmed", 1)


def request_for(uid: str = "meeting-1", key: str = "meeting-1-0") -> MeetingRequest:
    return MeetingRequest(
        key=key,
        meeting_uid=uid,
        title="Intro call",
        starts_at=workday(10),
        ends_at=workday(10) + timedelta(minutes=30),
        host_ids=(Host.objects.get(slug="ana").pk,),
    )


def test_what_is_no_proof(acme: GoogleSimulator) -> None:
    meet, request = meeting_provider("google_meet"), request_for()
    link = meet.create(request, now=now())
    assert meet.prove(link, request, now=now()).url == link.url
    with pytest.raises(NotJoinable, match="another Google Meet link"):
        meet.prove(MeetingLink(kind=link.kind, key=link.key, url=f"{link.url}x"), request, now=now())
    with pytest.raises(NotJoinable, match="another meeting"):
        meet.prove(link, request_for(uid="meeting-2"), now=now())
    (event,) = acme.events(ANA)
    kept = event["conferenceData"]
    acme.store.calendars[ANA].events[event["id"]]["conferenceData"] = {
        **kept,
        "entryPoints": [
            {"entryPointType": "video", "uri": link.url.replace("meet.google.com", "meet.example")}
        ],
    }
    with pytest.raises(NotJoinable, match="another Google Meet link"):
        meet.prove(link, request, now=now())
    acme.remove(ANA, event["id"])
    with pytest.raises(NotJoinable, match="gone from the calendar"):
        meet.prove(link, request, now=now())


def test_two_keys_share_a_conference_until_the_last_one_is_cancelled(acme: GoogleSimulator) -> None:
    meet = meeting_provider("google_meet")
    first = meet.create(request_for(), now=now())
    second = meet.create(request_for(key="meeting-1-m1"), now=now())
    assert first.url == second.url
    assert meet.cancel(first.key, now=now()) is True
    assert (len(acme.events(ANA)), meet.find(first.key), meet.find(second.key)) == (1, None, second)
    assert (meet.cancel(second.key, now=now()), meet.cancel(second.key, now=now())) == (True, False)
    assert acme.events(ANA) == []


def test_a_google_that_is_down_while_taking_back_is_asked_again(acme: GoogleSimulator) -> None:
    meet = meeting_provider("google_meet")
    link = meet.create(request_for(), now=now())
    acme.fail("DELETE ", reply=Reply(status=500), times=3)
    with pytest.raises(Exception, match="fault of its own"):
        meet.cancel(link.key, now=now())
    assert meet.cancel(link.key, now=now()) is True


def test_nobody_else_gets_a_link(acme: GoogleSimulator) -> None:
    with pytest.raises(Rejected, match="No host of this meeting writes to a Google Calendar"):
        meeting_provider("google_meet").create(
            MeetingRequest(
                key="k", meeting_uid="m", title="x", starts_at=workday(9), ends_at=workday(10), host_ids=()
            ),
            now=now(),
        )
