"""A booking's values: four lines, two zones, a countdown, what happened. Nothing but values."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.api import Booking, Meeting, Move, ProgressLine
from portal.public.calendars import build_calendar_file, build_calendar_links
from portal.public.journey import build_countdown, build_history, build_steps, build_when

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
END = START + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (["done", "doing", "doing", "doing"], ["done", "doing", "waiting", "waiting"]),
        (["done", "failed", "doing", "waiting"], ["done", "failed", "waiting", "waiting"]),
        (["done", "done", "done", "done"], ["done", "done", "done", "done"]),
        ([], []),
    ],
)
def test_only_the_first_unfinished_line_is_under_way(told: list[str], shown: list[str]) -> None:
    lines = [ProgressLine(key=str(number), label="x", state=state) for number, state in enumerate(told)]
    assert [step.state for step in build_steps(lines)] == shown


def test_both_clocks_are_told_only_where_they_differ() -> None:
    here = build_when(START, END, time_zone="Europe/London", host_zone="Europe/Lisbon")
    far = build_when(START, END, time_zone="Pacific/Auckland", host_zone="Europe/Lisbon")
    west = build_when(START, END, time_zone="Pacific/Honolulu", host_zone="Europe/Lisbon")
    assert (here.day, here.hours, here.there) == ("Tuesday 24 November 2026", "09:30\u2009–\u200910:00", "")
    assert far.there == "09:30\u2009–\u200910:00 Lisbon time (UTC)"
    assert west.day == "Monday 23 November 2026"
    assert west.there == "Tuesday 24 November, 09:30\u2009–\u200910:00 Lisbon time (UTC)"


def test_a_countdown_knows_when_it_is_over() -> None:
    running = build_countdown(END, now=END - timedelta(seconds=65), time_zone="Europe/Madrid")
    over = build_countdown(END, now=END, time_zone="Europe/Madrid")
    assert (running.until, running.left, running.is_over) == ("11:00", "1:05", False)
    assert (over.left, over.is_over) == ("0:00", True)


def test_history_is_told_in_order_whoever_cancelled() -> None:
    booking = Booking(
        meeting=Meeting(join_url="http://x/room/1/"),
        created_at=START,
        confirmed_at=START + timedelta(minutes=1),
        cancelled_at=START + timedelta(minutes=9),
        cancelled_by="user",
        cancel_reason="Ill",
    )
    moves = [
        Move(
            status=status, failure_words=words, starts_at=END, from_starts_at=START, created_at=START + later
        )
        for status, words, later in (
            ("failed", "Ana is busy.", timedelta(minutes=5)),
            ("confirmed", "", timedelta(minutes=6)),
            ("held", "", timedelta(minutes=8)),
        )
    ]
    told = build_history(booking, moves, time_zone="UTC")
    assert [line.words for line in told] == [
        "You chose this time, and it was held for you.",
        "Confirmed, after its link was tried.",
        "A move to Tue 24 Nov, 10:00 did not work out; the old time stayed. Ana is busy.",
        "Moved from Tue 24 Nov, 09:30 to Tue 24 Nov, 10:00.",
        "Moving to Tue 24 Nov, 10:00.",
        "Cancelled by your host: “Ill”",
    ]
    assert [line.when for line in told][:2] == ["Tue 24 Nov, 09:30", "Tue 24 Nov, 09:31"]


def test_calendar_links_are_in_utc_and_quoted() -> None:
    links = build_calendar_links(title="A & B", starts_at=START, ends_at=END, location="x y", details="")
    assert "text=A+%26+B&dates=20261124T093000Z%2F20261124T100000Z" in links.google
    assert "startdt=2026-11-24T09%3A30%3A00%2B00%3A00" in links.outlook


def test_a_calendar_file_cannot_be_given_lines_of_its_own() -> None:
    made = build_calendar_file(
        uid="m@t.holdfast",
        sequence=2,
        title="Call\r\nATTENDEE:mailto:x@example.com",
        starts_at=START,
        ends_at=END,
        time_zone="Europe/Madrid",
        location="",
        details="a\rX-EVIL:1",
        now=START,
    ).decode()
    names = [line.split(":")[0].split(";")[0] for line in made.split("\r\n")]
    assert "ATTENDEE" not in names
    assert "X-EVIL" not in names
    assert "\r" not in made.replace("\r\n", "")
    lines = made.split("\r\n")
    assert [line for line in lines if line == "SEQUENCE:2" or line.startswith("DTSTART;")] == [
        "DTSTART;TZID=Europe/Madrid:20261124T103000",
        "SEQUENCE:2",
    ]
    assert lines.count("BEGIN:VTIMEZONE") == 1
