"""A series: every date or none, in one transaction; taken dates are named with alternatives; two never deadlock."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from booking import offers
from booking.api import (
    BookedSeries,
    Booking,
    EventType,
    EventTypeHost,
    Host,
    IdempotencyMismatch,
    InvalidBooking,
    SeriesRefused,
    book_series,
    cancel,
    cancel_rest,
    get_booking,
    get_event_type,
    get_host,
    hold,
    recurring_starts,
    series_bookings,
)
from booking.facts import booking_facts
from booking.guard import call, guarded
from booking.hours_of_hosts import set_override
from booking.models import Meeting, Occupancy, Series
from booking.offers import Gathered, gather
from jobs.api import drain
from tests.booking.scene import BEN, CLIENT, LISBON, OWNER, TODAY, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

VISIT = "site-visit"


@pytest.fixture
def acme(world: World, mails: MailSink) -> Iterator[MailSink]:
    """Acme, whose visits can be booked up to six at once."""
    with world.enter("acme"):
        EventType.objects.update(series_most=6, window_days=90)
        yield mails


def weeks(count: int, hour: int = 11) -> list[datetime]:
    first = workday(hour)
    return list(recurring_starts(first, every="week", interval=1, count=count, zone="Europe/Lisbon"))


def series(
    starts: list[datetime], *, slug: str = VISIT, key: str | None = None, **more: object
) -> BookedSeries:
    return book_series(
        get_event_type(slug), starts=starts, time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={}, now=now(),
        actor=CLIENT, visitor="visitor", idempotency_key=key, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_all_dates_are_booked_in_one_transaction(acme: MailSink) -> None:
    made = series(weeks(4))
    assert [each.meeting.starts_at for each in made.bookings] == weeks(4)
    drain()
    assert [each.status for each in series_bookings(made.series)] == ["confirmed"] * 4
    assert len({each.meeting.uid for each in made.bookings}) == 4  # each its own meeting, so its own invite
    mine = [each for each in acme.received if BEN.email in each.recipients]
    assert len(mine) == 4


def test_the_first_dates_mail_lists_all_dates_and_the_others_their_own(acme: MailSink) -> None:
    made = series(weeks(3))
    drain()
    first, *others = sorted(
        (each.mail for each in acme.received if BEN.email in each.recipients),
        key=lambda mail: str(mail["Subject"]).find(f"{weeks(3)[0].astimezone(LISBON):%-d %b}") < 0,
    )
    text = first.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert "Series: 3 dates, each confirmed by a mail of its own" in text
    for number, start in enumerate(weeks(3), start=1):
        assert f"\n{number}: {start.astimezone(LISBON):%a %-d %b %Y, %H:%M} Europe/Lisbon\n" in text
    assert len(others) == 2
    assert all("Series:" not in mail.get_body(("plain",)).get_content() for mail in others)  # type: ignore[union-attr]
    assert booking_facts(made.bookings[0]).series_starts == tuple(weeks(3))


def test_a_date_that_no_longer_stands_is_not_listed(acme: MailSink) -> None:
    made = series(weeks(3))
    drain()
    cancel(get_booking(made.bookings[0].uid), reason="", now=now(), actor=OWNER)
    first, second, third = (get_booking(each.uid) for each in made.bookings)
    assert booking_facts(second).series_starts == tuple(weeks(3)[1:])
    assert booking_facts(first).series_starts == booking_facts(third).series_starts == ()


def test_a_taken_date_refuses_the_whole_and_names_alternatives(acme: MailSink) -> None:
    booked(VISIT, weeks(3)[1])
    before = Meeting.objects.count()
    with pytest.raises(SeriesRefused) as refused:
        series(weeks(3))
    (taken,) = refused.value.taken
    assert (taken.start, taken.reason) == (weeks(3)[1], "host_busy")
    assert len(taken.alternatives) == 3
    assert (Meeting.objects.count(), Series.objects.count()) == (before, 0)
    agreed = [weeks(3)[0], taken.alternatives[0].start, weeks(3)[2]]
    assert len(series(agreed).bookings) == 3


def test_the_guard_itself_says_which_dates_are_lost(acme: MailSink) -> None:
    """The list was honest a moment ago: somebody took the second date between the look and the claim."""
    lost = weeks(3)[1]
    ana = Host.objects.get(slug="ana").pk
    booked(VISIT, lost)

    def date(n: int, at: datetime) -> dict[str, str]:
        start, end = at.isoformat(), (at + timedelta(hours=1)).isoformat()
        times = {"starts_at": start, "ends_at": end, "blocked_from": start, "blocked_to": end}
        return {"meeting": f"m{n}", "booking": f"b{n}", **times}

    def late() -> object:
        dates = [date(n, at) for n, at in enumerate(weeks(3))]
        meeting = {"event_type": 1, "capacity": 1}
        return call("hold_series_v1", {"uid": "s"}, meeting, dates, [[ana]], {"seconds": 9}, None, None)

    assert guarded(late) == {"outcome": "slot_taken", "taken": [2]}
    assert not Occupancy.objects.filter(meeting__uid__in=["m0", "m1", "m2"]).exists()


def test_two_series_in_opposite_order_wait_and_never_deadlock(world: World, acme: MailSink) -> None:
    """A third client holds the middle date, so that both stand with what they have; then it lets go."""
    starts, gate = weeks(3), threading.Event()

    def rival() -> None:
        with world.enter("acme"), transaction.atomic():
            connection.cursor().execute(
                "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) "
                "SELECT resource_id, 1, tstzrange(%s, %s) FROM booking_host WHERE slug = 'ana'",
                [starts[1], starts[1] + timedelta(minutes=1)],
            )
            gate.set()
            _wait_for_two(world)
            transaction.set_rollback(True)
        connection.close()

    def client(dates: list[datetime]) -> str:
        gate.wait(20)
        try:
            with world.enter("acme"):
                return "booked" if series(dates) else ""
        except SeriesRefused:
            return "refused"
        finally:
            connection.close()

    before = _deadlocks(world)
    with ThreadPoolExecutor(3) as threads:
        holding = threads.submit(rival)
        answers = list(threads.map(client, [starts, starts[::-1]]))
        holding.result(60)
    assert sorted(answers) == ["booked", "refused"]
    assert _deadlocks(world) == before


def _wait_for_two(world: World) -> None:
    with world.superuser("acme") as raw:
        for _ in range(300):
            row = raw.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
                [world.name],
            ).fetchone()
            if row and row[0] >= 2:
                return
            threading.Event().wait(0.05)
    raise AssertionError("The two series never waited.")


def _deadlocks(world: World) -> int:
    with world.superuser("acme") as raw:
        raw.execute("SELECT pg_stat_force_next_flush()")
        row = raw.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [world.name]
        ).fetchone()
        assert row is not None
        return int(row[0])


def test_a_hold_that_becomes_a_series_is_given_back_only_with_it(acme: MailSink) -> None:
    held = hold(
        get_event_type(VISIT),
        start=weeks(3)[0],
        time_zone="Europe/Lisbon",
        now=now(),
        actor=CLIENT,
        visitor="v",
    )
    booked(VISIT, weeks(3)[2])
    with pytest.raises(SeriesRefused):
        series(weeks(3), instead_of=held)
    held.refresh_from_db()
    assert held.status == "held"
    made = series(weeks(2), instead_of=held)
    held.refresh_from_db()
    assert (held.status, len(made.bookings)) == ("expired", 2)


def test_the_rest_is_cancelled_in_one_go(acme: MailSink) -> None:
    made = series(weeks(3))
    drain()
    assert (
        len(cancel_rest(made.series, reason="Moved away", now=weeks(3)[0] + timedelta(hours=2), actor=OWNER))
        == 2
    )
    assert [each.status for each in series_bookings(made.series)] == ["confirmed", "cancelled", "cancelled"]


def test_the_same_key_is_the_same_series(acme: MailSink) -> None:
    first, again = series(weeks(3), key="k"), series(weeks(3), key="k")
    assert (again.series, again.replayed, Booking.objects.count()) == (first.series, True, 3)


def test_a_retry_that_meets_its_own_first_request_is_answered_with_its_series(
    acme: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request commits after the retry asked for its key, and before it looks which dates are open."""
    made: list[BookedSeries] = []

    def gathered_late(*asked: Any, **more: Any) -> Gathered:
        monkeypatch.setattr("booking.series.gather", gather)
        made.append(series(weeks(3), key="k"))
        return gather(*asked, **more)

    monkeypatch.setattr("booking.series.gather", gathered_late)
    again = series(weeks(3), key="k")
    assert (again.series, again.replayed, Booking.objects.count()) == (made[0].series, True, 3)


def test_a_key_of_another_request_that_was_first_is_a_mismatch(
    acme: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gathered_late(*asked: Any, **more: Any) -> Gathered:
        monkeypatch.setattr("booking.series.gather", gather)
        series(weeks(3), key="k")
        return gather(*asked, **more)

    monkeypatch.setattr("booking.series.gather", gathered_late)
    with pytest.raises(IdempotencyMismatch):
        series(weeks(2), key="k")


def test_dates_that_were_lost_without_the_key_are_refused(acme: MailSink) -> None:
    series(weeks(3), key="k")
    with pytest.raises(SeriesRefused):
        series(weeks(3), key="another")


@pytest.mark.parametrize("count", [1, 7])
def test_a_series_has_as_many_dates_as_the_type_allows(acme: MailSink, count: int) -> None:
    with pytest.raises(InvalidBooking, match="A series has 2 to 6 dates"):
        series(weeks(count))


def test_dates_that_overlap_are_no_series(acme: MailSink) -> None:
    with pytest.raises(InvalidBooking, match="overlap"):
        series([weeks(2)[0], weeks(2)[0]])


def test_one_host_takes_all_dates_of_a_round_robin(world: World, acme: MailSink) -> None:
    with world.enter("northwind"):
        EventType.objects.exclude(kind="group").update(
            series_most=6, window_days=90, location_kind="in_person", location_detail="Here"
        )
        made = [series(weeks(3), slug="meet") for _ in range(6)]
        for each in made:
            assert len({booking.meeting.hosts.get().pk for booking in each.bookings}) == 1
        with pytest.raises(SeriesRefused) as refused:
            series(weeks(3), slug="meet")
        assert [each.start for each in refused.value.taken] == weeks(3)


def test_no_host_takes_all_dates_so_one_is_named_and_nobody_is_booked_while_closed(
    world: World, acme: MailSink
) -> None:
    """Each of two is free on two of three dates, and every date has one of them: still nobody takes all."""
    with world.enter("northwind"):
        EventType.objects.filter(slug="meet").update(
            series_most=6, window_days=90, location_kind="in_person", location_detail="Here"
        )
        bruno, chloe = get_host("bruno"), get_host("chloe")
        offered = EventTypeHost.objects.filter(event_type__slug="meet")
        offered.exclude(host__in=[bruno, chloe]).delete()
        offered.filter(host=bruno).update(priority=2)
        offered.filter(host=chloe).update(priority=1)
        one, two, three = weeks(3)
        for host, closed in ((bruno, three), (chloe, one)):
            day = closed.astimezone(LISBON).date()
            set_override(host, day, day, [], actor=OWNER)
        with pytest.raises(SeriesRefused) as refused:
            series([one, two, three], slug="meet")
        (taken,) = refused.value.taken
        assert (taken.start, taken.reason) == (one, "host_busy")  # Chloé is asked first, and is closed then
        assert {each.host_ids for each in taken.alternatives} == {(chloe.pk,)}
        assert (Meeting.objects.count(), Series.objects.count()) == (0, 0)
        made = series([taken.alternatives[0].start, two, three], slug="meet")
        assert {booking.meeting.hosts.get() for booking in made.bookings} == {chloe}


def test_the_wall_clock_time_stays_over_a_change_of_clocks() -> None:
    first = datetime(2026, 3, 22, 10, tzinfo=LISBON).astimezone(UTC)  # clocks go forward on 29 March
    found = recurring_starts(first, every="week", interval=1, count=2, zone="Europe/Lisbon")
    assert [each.astimezone(LISBON).hour for each in found] == [10, 10]
    assert found[1] - found[0] == timedelta(days=7, hours=-1)


def test_the_first_date_is_the_chosen_instant_though_its_hour_comes_twice() -> None:
    second_time = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 01:30 in Lisbon, an hour after the first 01:30
    found = recurring_starts(second_time, every="week", interval=1, count=2, zone="Europe/Lisbon")
    assert found == (second_time, datetime(2026, 11, 1, 1, 30, tzinfo=UTC))


def test_monthly_takes_the_last_day_of_a_short_month() -> None:
    first = datetime(2026, 11, 30, 10, tzinfo=UTC)
    found = recurring_starts(first, every="month", interval=1, count=4, zone="UTC")
    assert [(each.month, each.day) for each in found] == [(11, 30), (12, 30), (1, 30), (2, 28)]


def test_dates_outside_the_window_are_refused_before_anything_is_read(
    acme: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = gathered_ranges(monkeypatch)
    far = list(recurring_starts(workday(11), every="month", interval=52, count=6, zone="Europe/Lisbon"))
    past = datetime(2000, 1, 3, 11, tzinfo=UTC)
    with pytest.raises(SeriesRefused) as refused:
        series([past, *far[:5]])
    told = [(each.start, each.reason, len(each.alternatives)) for each in refused.value.taken]
    assert told == [
        (past, "notice_too_short", 3),
        *((start, "outside_window", 0) for start in far[1:5]),
    ]
    first = int(far[0].timestamp())
    assert asked == [(first, first + 1)], "the one date that may be booked, and no more"


def test_dates_far_apart_are_read_each_for_itself(acme: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window without a near end: 52 dates over centuries must not read the centuries between them."""
    EventType.objects.update(window_first_date=TODAY, window_last_date=date(2199, 12, 31))
    asked = gathered_ranges(monkeypatch)
    made = series([*weeks(3), weeks(1)[0] + timedelta(weeks=52 * 100)])
    assert len(made.bookings) == 4
    assert [round((end - start) / 86400) for start, end in asked] == [14, 0]


def gathered_ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return the list of the ranges that the series itself reads from now on."""
    asked: list[tuple[int, int]] = []

    def gather(event_type: EventType, *, between: tuple[int, int], **more: Any) -> Any:
        asked.append(between)
        return offers.gather(event_type, between=between, **more)

    monkeypatch.setattr("booking.series.gather", gather)
    return asked
