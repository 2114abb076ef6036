"""The picker's values: which day is chosen, what a time says, which way the months turn. Nothing but values."""

from datetime import UTC, date, datetime, timedelta

from booking.api import EventType, Host, Slot, SlotPage
from portal.public.months import build_month, last_of_month, parse_day, parse_month
from portal.public.opening import Opening
from portal.public.picker import Picker, Wish, build_offer, build_picker, common_zone, parts_of_day

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
TUESDAY, THURSDAY = date(2026, 11, 24), date(2026, 11, 26)


def slot(hour: int, *, day: date = TUESDAY, minute: int = 0, seats: int | None = None) -> Slot:
    start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return Slot(start, start + timedelta(minutes=30), (1,), seats)


def picker(wish: Wish, *, days: dict[date, tuple[Slot, ...]] | None = None) -> Picker:
    found = {TUESDAY: (slot(9), slot(14)), THURSDAY: (slot(9, day=THURSDAY),)} if days is None else days
    zone = wish.time_zone or "Europe/Lisbon"
    opening = Opening(
        first=date(2026, 11, 1),
        today=date(2026, 11, 22),
        last_bookable=date(2027, 1, 21),
        page=SlotPage(time_zone=zone, days=found, withheld=(), notices=("Ana’s times are withheld.",)),
        next_open=date(2026, 12, 2) if not found else None,
    )
    offer = build_offer(EventType(slug="intro", title="Intro", duration_minutes=30), [Host(name="Ana")])
    return build_picker(
        offer,
        opening,
        wish=wish,
        host_zone="Europe/Lisbon",
        now=NOW,
        act="/book/intro/",
        post_to="/book/intro/hold",
        verb="Continue",
    )


def test_the_first_open_day_is_chosen_and_a_phone_still_shows_days() -> None:
    made = picker(Wish())
    assert (made.chosen, made.chosen_words, made.step) == (TUESDAY, "Tuesday 24 November", "day")
    assert made.notices == ("Ana’s times are withheld.",)


def test_a_day_chosen_by_hand_brings_a_phone_to_its_times() -> None:
    made = picker(Wish(day=THURSDAY))
    assert (made.chosen, made.step, made.gone) == (THURSDAY, "time", "")
    assert [time.label for part in made.parts for time in part.times] == ["09:00"]


def test_a_day_that_filled_up_is_named_and_the_first_open_one_offered() -> None:
    made = picker(Wish(day=date(2026, 11, 25)))
    assert (made.chosen, made.step, made.gone) == (TUESDAY, "day", "Wednesday 25 November")


def test_an_empty_month_leads_to_the_next_opening() -> None:
    made = picker(Wish(host="ana"), days={})
    assert (made.chosen, made.parts) == (None, ())
    assert made.next_open == "/book/intro/?month=2026-12&date=2026-12-02&host=ana"
    assert made.next_open_words == "Wednesday 2 December"


def test_addresses_keep_zone_and_person() -> None:
    made = picker(Wish(time_zone="Asia/Tokyo", host="ana"))
    chosen = next(day for week in made.month.weeks for day in week if day and day.date == TUESDAY)
    assert chosen.address == "/book/intro/?month=2026-11&date=2026-11-24&host=ana&time_zone=Asia%2FTokyo"
    assert chosen.label == "Tuesday 24 November, 2 open times"
    assert made.hidden == (("time_zone", "Asia/Tokyo"), ("host", "ana"))


def test_months_turn_only_where_something_could_be_open() -> None:
    month = picker(Wish()).month
    assert (month.previous, month.following) == ("", "/book/intro/?month=2026-12")
    later = build_month(
        date(2027, 1, 1),
        open_slots={},
        chosen=None,
        today=date(2026, 11, 22),
        last_bookable=date(2027, 1, 21),
        day_address=str,
        month_address=str,
    )
    assert (later.previous, later.following) == ("2026-12-01", "")
    assert [day.date.day if day else None for day in later.weeks[0]] == [None, None, None, None, 1, 2, 3]


def test_a_day_falls_into_morning_afternoon_evening_of_the_visitor() -> None:
    parts = parts_of_day([slot(9), slot(14), slot(20)], time_zone="Europe/Lisbon", host_zone="Europe/Lisbon")
    assert [(part.title, [time.label for time in part.times]) for part in parts] == [
        ("Morning", ["09:00"]),
        ("Afternoon", ["14:00"]),
        ("Evening", ["20:00"]),
    ]


def test_the_hosts_clock_stands_under_a_time_only_where_it_differs() -> None:
    (there,) = parts_of_day([slot(14)], time_zone="America/New_York", host_zone="Europe/Lisbon")
    (here,) = parts_of_day([slot(14)], time_zone="Europe/London", host_zone="Europe/Lisbon")
    assert [(there.times[0].label, there.times[0].detail)] == [("09:00", "14:00 in Lisbon")]
    assert here.times[0].detail == ""


def test_seats_are_counted_in_words() -> None:
    (part,) = parts_of_day([slot(9, seats=1), slot(10, seats=12)], time_zone="UTC", host_zone="UTC")
    assert [time.detail for time in part.times] == ["1 seat left", "12 seats left"]


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    autumn = date(2026, 10, 25)
    twice = [slot(0, day=autumn, minute=30), slot(1, day=autumn, minute=30), slot(2, day=autumn, minute=30)]
    (part,) = parts_of_day(twice, time_zone="Europe/Lisbon", host_zone="Europe/Lisbon")
    assert [time.label for time in part.times] == ["01:30 WEST", "01:30 WET", "02:30"]


def test_zones_that_differ_fall_back_to_the_business() -> None:
    lisbon, madrid = Host(time_zone="Europe/Lisbon"), Host(time_zone="Europe/Madrid")
    assert common_zone([lisbon, lisbon], otherwise="UTC") == "Europe/Lisbon"
    assert common_zone([lisbon, madrid], otherwise="UTC") == "UTC"
    assert common_zone([], otherwise="UTC") == "UTC"


def test_a_round_robin_promises_nobody_in_particular() -> None:
    hosts = [Host(name=name) for name in ("Ana", "Ben", "Cleo")]
    anyone = EventType(slug="meet", title="Meet", duration_minutes=30, kind="round_robin")
    panel = EventType(slug="panel", title="Panel", duration_minutes=60, kind="collective")
    assert build_offer(anyone, hosts).people == "Whoever of 3 people is free"
    assert build_offer(anyone, hosts[:1]).people == "Ana"
    assert build_offer(panel, hosts).people == "Ana, Ben and Cleo"


def test_dates_that_no_calendar_has_are_not_asked_for() -> None:
    assert parse_month("2026-11") == date(2026, 11, 1)
    assert parse_day("2028-02-29") == date(2028, 2, 29)
    for text in ("", "2026-13", "9999-12", "0001-01", "x", "2026-11-31"):
        assert parse_month(text) is None
    assert parse_day("2026-02-30") is None
    assert last_of_month(date(2028, 2, 1)) == date(2028, 2, 29)
