"""What stands outside fails: a calendar server stops or fills up, a room answers rubbish, the mail server is away."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from booking.api import Booking, get_booking, get_event_type, get_host, slots
from jobs.api import drain
from providers.api import connect_caldav
from providers.models import Message, Room
from tests.booking.clockwork import live_ranges, perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import LISBON, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.dav_server import free_port
from tests.simulators.http import Answer, Seen, http_site
from tests.simulators.radicale import Radicale, radicale
from tests.simulators.smtp import MailSink, mail_sink

__all__ = ["mails", "web"]  # fixtures

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Another client//EN
BEGIN:VEVENT
UID:theirs@example.com
DTSTAMP:20260101T000000Z
DTSTART:{start:%Y%m%dT%H%M%SZ}
DTEND:{end:%Y%m%dT%H%M%SZ}
SUMMARY:Dentist
END:VEVENT
END:VCALENDAR"""


@pytest.fixture
def calendar(world: World, settings: Settings, tmp_path: Path) -> Iterator[tuple[Radicale, str]]:
    """A Radicale, and in it the address of Ana's connected calendar; inside Acme."""
    with radicale(tmp_path / "radicale") as server, world.enter("acme"):
        url = server.make_calendar("work")
        settings.HOLDFAST_HTTP_ALLOW = (server.address,)
        connect_caldav(
            get_host("ana").pk, url=url, username=server.username, password=server.password, now=now()
        )
        yield server, url


def add_event(calendar: tuple[Radicale, str], start: datetime) -> None:
    """Add an hour's event as another CalDAV client does."""
    server, url = calendar
    server.put(url, "theirs", EVENT.format(start=start, end=start + timedelta(hours=1)))


def starts(slug: str, day: datetime) -> list[datetime]:
    return [slot.start for slot in first_slots(get_event_type(slug), day)]


def told(sink: MailSink) -> list[str]:
    """Return the subjects that the client was sent, without what follows the colon."""
    mine = [each.mail for each in sink.received if each.recipients == ("ben@example.com",)]
    return [str(mail["Subject"]).strip().split(":")[0] for mail in mine]


def test_an_event_of_another_client_takes_its_slots_off_the_page(calendar: tuple[Radicale, str]) -> None:
    before = starts("intro-call", workday(11))
    add_event(calendar, workday(11))
    gone = [workday(11), workday(11, 30)]
    assert starts("intro-call", workday(11)) == [start for start in before if start not in gone]
    assert set(gone) < set(before)


def test_a_calendar_server_that_stopped_withholds_the_hosts_times_and_says_so(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    with world.enter("acme"):
        with radicale(tmp_path / "radicale") as server:
            settings.HOLDFAST_HTTP_ALLOW = (server.address,)
            ana, url = get_host("ana"), server.make_calendar("work")
            connect_caldav(ana.pk, url=url, username=server.username, password=server.password, now=now())
            assert len(starts("intro-call", workday(11))) == 16
        day = workday(11).astimezone(LISBON).date()
        page = slots(get_event_type("intro-call"), first=day, last=day, time_zone="Europe/Lisbon", now=now())
    said = f"{ana.name}’s calendar cannot be read right now, so {ana.name}’s times are withheld."
    assert (page.days, page.notices) == ({}, (said,))


def test_an_event_added_between_page_and_click_ends_in_calendar_busy(
    calendar: tuple[Radicale, str], web: str, mails: MailSink
) -> None:
    booking = booked("intro-call", workday(11))  # the click: the page was right
    add_event(calendar, workday(11))
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, after.failure_code, live_ranges(after.meeting_id)) == (
        "failed",
        "calendar_busy",
        [],
    )
    assert (Room.objects.count(), len(told(mails))) == (0, 1)


def failed_proof(seen: Seen) -> Answer:
    return Answer(status=500)


def slow_proof(seen: Seen) -> Answer:
    return Answer(delay_seconds=0.8)


def rubbish(seen: Seen) -> Answer:
    return Answer(body=b"<html>welcome to nginx</html>")


def another_meeting(seen: Seen) -> Answer:
    mark = f"other|{datetime(2026, 1, 1, tzinfo=UTC).isoformat()}"
    return Answer(body=f'<meta name="holdfast-room" content="{mark}">'.encode())


@pytest.mark.parametrize("answer", [failed_proof, slow_proof, rubbish, another_meeting])
def test_a_room_that_cannot_be_proven_confirms_nothing_frees_the_slot_and_tells(
    world: World, mails: MailSink, settings: Settings, monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[Seen], Answer],
) -> None:  # fmt: skip
    monkeypatch.setattr("providers.meetings.room.TIMEOUT_SECONDS", 0.3)
    with world.enter("acme"), http_site(answer) as site:
        settings.HOLDFAST_SELF_ADDRESS = site.address
        booking = booked("intro-call", workday(11))
        perform_all()
        after = get_booking(booking.uid)
        assert (after.status, after.failure_code, after.confirmed_at) == ("failed", "link_unverified", None)
        assert (live_ranges(after.meeting_id), after.meeting.join_url) == ([], "")
        assert workday(11) in starts("intro-call", workday(11))
        assert list(Room.objects.filter(cancelled_at=None)) == []
        assert len(told(mails)) == 1
        assert after.failure_words.startswith("The meeting link could not be made to work")


def test_without_a_mail_server_the_booking_stands_and_the_same_mail_leaves_later(
    world: World, settings: Settings
) -> None:
    settings.HOLDFAST_SMTP_URL = f"smtp://127.0.0.1:{free_port()}"
    with world.enter("acme"):
        booking: Booking = booked("site-visit", workday(11))
        drain()
        waiting = Message.objects.get(booking_uid=booking.uid, to_address="ben@example.com")
        assert (get_booking(booking.uid).status, waiting.state, waiting.attempts) == (
            "confirmed",
            "queued",
            1,
        )
        with mail_sink() as sink:
            settings.HOLDFAST_SMTP_URL = sink.url
            perform_all()
            mine = [each.mail for each in sink.received if each.recipients == ("ben@example.com",)]
        assert [mail["Message-ID"].strip() for mail in mine] == [waiting.message_id]
        waiting.refresh_from_db()
        assert (waiting.state, waiting.attempts, waiting.repeats) == ("sent", 2, 0)
