"""Mutants of the rules about when: limits under contention, absences, holidays, clocks that change."""

from tests.mutants.mutant import Edit, Mutant

LIMITS = "tests/booking/test_limits.py::"
HOSTS = "tests/booking/test_rules_of_hosts.py::"
ZONES = "tests/booking/core/test_hours.py::"
SQL = "booking/sql/limits_v2.sql"

RULES = (
    Mutant(
        "limits_not_locked",
        1,
        "who counts a full day waits for nobody, so several are the last one",
        (Edit(SQL, "        PERFORM pg_advisory_xact_lock(v.key);\n", ""),),
        LIMITS + "test_twenty_clients_on_twenty_free_slots_of_a_day_with_a_limit_of_three_are_three",
    ),
    Mutant(
        "limits_not_asked",
        1,
        "the guard does not count at all; the page alone knows limits",
        (Edit(SQL, "        IF (CASE v.unit WHEN", "        IF false AND (CASE v.unit WHEN"),),
        LIMITS + "test_the_database_refuses_a_move_that_the_page_had_offered",
    ),
    Mutant(
        "limits_in_any_order",
        1,
        "periods are locked in whatever order they come",
        (Edit(SQL, "        ORDER BY key\n", "        ORDER BY random()\n"),),
        LIMITS + "test_two_limits_locked_in_opposite_order_never_deadlock",
    ),
    Mutant(
        "limits_forget_who_is_just_in_time",
        1,
        "a hold that somebody renews as its deadline passes is not counted by who books beside it",
        (Edit(SQL, "        PERFORM settle_v1(v.starts, v.ends, v_now);\n", ""),),
        LIMITS + "test_a_hold_that_is_renewed_as_its_deadline_passes_keeps_its_place",
    ),
    Mutant(
        "absence_not_withheld",
        5,
        "out of office closes nothing",
        (
            Edit(
                "booking/core/refusals.py",
                "        (Reason.OUT_OF_OFFICE, _touching(away_time(host, between=reach), rules)),\n",
                "",
            ),
        ),
        HOSTS + "test_out_of_office_withholds_and_its_end_gives_back",
    ),
    Mutant(
        "holidays_open_the_day",
        5,
        "a public holiday is a day like any other",
        (
            Edit(
                "booking/holidays_kept.py",
                "    if place is None:\n        return hours\n",
                "    return hours\n",
            ),
        ),
        HOSTS + "test_a_holiday_closes_the_day_unless_an_override_opens_it_or_the_host_keeps_none",
    ),
    Mutant(
        "gap_overtakes_the_clock",
        5,
        "a local time that the clocks skip is an hour too late",
        (Edit("booking/core/hours.py", "    if _wall(second, tz) == wall:\n", "    if True:\n"),),
        ZONES + "test_a_local_time_happens_when_the_wall_clock_first_shows_it_or_later",
    ),
)
