"""Mutants of promises 1 and 2: how a slot is taken."""

from tests.mutants.mutant import Edit, Mutant

P1 = "tests/promises/test_promise_1_a_double_booking_cannot_be_written.py::"
P2 = "tests/promises/test_promise_2_the_slot_locks_first.py::"
SWEEPING = "tests/booking/test_sweeping.py::"
HOLD = "booking/sql/hold_v1.sql"
SERIES = "booking/sql/series_v1.sql"
MOVE = "booking/sql/resources_v2.sql"
SESSIONS = "booking/sql/sessions_v1.sql"
TRUTH = "booking/sql/truth_v3.sql"
MOVES_TOO = (
    "\n           OR EXISTS (SELECT 1 FROM booking_move v\n"
    "                      WHERE v.meeting_id = o.meeting_id AND v.expires_at <= clock_timestamp())"
)
CONSTRAINT = (
    ",\n    ADD CONSTRAINT booking_occupancy_no_overlap\n"
    "        EXCLUDE USING gist (resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL)"
)

DOUBLE_BOOKING = (
    Mutant(
        "claims_without_the_guard",
        1,
        "time is claimed although the constraint is gone, until a probe notices",
        (
            Edit(
                "booking/guard.py",
                'answer = ask(function, *arguments, through=through, beside=beside, provided="may_claim_v1()")',
                "answer = ask(function, *arguments, through=through, beside=beside)",
            ),
        ),
        P1 + "test_without_the_guard_nothing_is_booked",
    ),
    Mutant(
        "constraint_dropped",
        1,
        "the exclusion constraint is not there",
        (Edit("booking/sql/occupancy_v1.sql", CONSTRAINT, ""),),
        P1 + "test_promise_1_a_double_booking_cannot_be_written",
    ),
    Mutant(
        "constraint_dropped_race",
        1,
        "the exclusion constraint is not there, and clients race",
        (Edit("booking/sql/occupancy_v1.sql", CONSTRAINT, ""),),
        P1 + "test_clients_who_race_get_one_booking_a_place",
    ),
    Mutant(
        "conflict_clause_removed",
        1,
        "who loses a race gets the constraint's error, not an answer",
        (
            Edit(
                HOLD,
                "FROM unnest(p_resources) AS r ORDER BY r\n    ON CONFLICT DO NOTHING;",
                "FROM unnest(p_resources) AS r ORDER BY r;",
            ),
        ),
        P1 + "test_clients_who_race_get_one_booking_a_place",
    ),
    Mutant(
        "claim_order_removed",
        1,
        "hosts are claimed in whatever order they were named",
        (
            Edit(
                HOLD,
                "FROM unnest(p_resources) AS r ORDER BY r\n    ON CONFLICT",
                "FROM unnest(p_resources) AS r\n    ON CONFLICT",
            ),
        ),
        P1 + "test_claims_that_meet_half_way_wait_and_never_deadlock",
    ),
    Mutant(
        "group_rows_exempt",
        1,
        "a group session blocks nobody's time",
        (
            Edit(
                HOLD,
                "v_swept := claim_v1(v_meeting, v_hosts, p_blocked);",
                "v_swept := CASE WHEN p_group THEN '[]'::jsonb ELSE claim_v1(v_meeting, v_hosts, p_blocked) END;",
            ),
            Edit(
                TRUTH,
                "WHEN it.lives AND it.unblocked > 0",
                "WHEN it.lives AND it.capacity = 1 AND it.unblocked > 0",
            ),
        ),
        P1 + "test_no_kind_of_meeting_is_exempt",
    ),
    Mutant(
        "co_hosts_not_covered",
        1,
        "a collective meeting blocks its first host only",
        (
            Edit(
                HOLD,
                "v_hosts := ARRAY(SELECT unnest(p_alternatives[v_choice:v_choice]));",
                "v_hosts := ARRAY(SELECT unnest(p_alternatives[v_choice:v_choice]) LIMIT 1);",
            ),
        ),
        P1 + "test_no_kind_of_meeting_is_exempt",
    ),
    Mutant(
        "buffers_outside_the_range",
        1,
        "the buffer before a meeting is shown, but not blocked",
        (
            Edit(
                "booking/places.py",
                "        start - timedelta(minutes=event_type.buffer_before_minutes),\n",
                "        start,\n",
            ),
        ),
        P1 + "test_promise_1_a_double_booking_cannot_be_written",
    ),
    Mutant(
        "seats_not_counted",
        1,
        "the counter is not conditional, and its CHECK is not there",
        (
            Edit(
                SESSIONS,
                "WHERE id = meeting AND released_at IS NULL AND seats_taken < capacity;",
                "WHERE id = meeting AND released_at IS NULL;",
            ),
            Edit(
                "booking/migrations/0001_initial.py",
                "condition=models.Q(('seats_taken__lte', models.F('capacity'))), name='booking_meeting_seats'",
                "condition=models.Q(('seats_taken__gte', 0)), name='booking_meeting_seats'",
            ),
        ),
        P1 + "test_clients_who_race_get_one_booking_a_place",
    ),
    Mutant(
        "sessions_without_a_line",
        1,
        "who opens a session waits for nobody else who opens it",
        (Edit(SESSIONS, "PERFORM pg_advisory_xact_lock(hashtextextended(", "PERFORM (hashtextextended("),),
        "tests/booking/test_sessions.py::test_two_who_open_it_at_once_share_it_though_its_host_is_just_given_up",
    ),
)

SLOT_FIRST = (
    Mutant(
        "sweep_removed",
        2,
        "an expired hold stands in the way until somebody cleans up",
        (Edit(HOLD, "v_swept := sweep_v1(p_resources, p_blocked);", "v_swept := '[]';"),),
        P2 + "test_a_hold_expires_by_itself_and_then_blocks_nobody",
    ),
    Mutant(
        "series_sweep_removed",
        2,
        "an expired hold stands in the way of a date of a series",
        (Edit(SERIES, "swept := sweep_ranges_v1(p_resources, p_ranges);", "swept := '[]';"),),
        SWEEPING + "test_a_series_takes_the_time_of_any_of_its_dates[1]",
    ),
    Mutant(
        "move_sweep_removed",
        2,
        "an expired hold stands in the way of a booking that moves",
        (Edit(MOVE, "v_swept := sweep_v1(v_claim, p_blocked);", "v_swept := '[]';"),),
        SWEEPING + "test_a_move_takes_the_time_of_a_hold",
    ),
    Mutant(
        "session_not_swept",
        2,
        "an expired hold keeps its seat in a full session",
        (Edit(SESSIONS, "\n    swept := expire_v1(meeting);", "\n    swept := '[]';"),),
        SWEEPING + "test_a_full_session_gives_the_seat_of_a_hold_to_who_moves_there",
    ),
    Mutant(
        "expired_moves_not_swept",
        2,
        "a move that is over still stands in the way of a hold",
        (Edit("booking/sql/release_v1.sql", MOVES_TOO, ""),),
        SWEEPING + "test_a_hold_takes_what_a_move_that_is_over_still_blocks",
    ),
    Mutant(
        "series_leaves_expired_moves",
        2,
        "a move that is over still stands in the way of a series",
        (Edit(SERIES, MOVES_TOO, ""),),
        SWEEPING + "test_a_series_takes_all_that_is_over_on_several_dates",
    ),
    Mutant(
        "earlier_move_not_swept",
        2,
        "a booking whose move is over cannot move again until somebody cleans up",
        (Edit(MOVE, "v_expired := expire_v1(m.id);", "v_expired := '[]';"),),
        "tests/booking/test_moving.py::"
        "test_a_move_that_expired_unswept_gives_way_to_the_next_and_its_end_is_signed",
    ),
    Mutant(
        "earlier_seat_not_swept",
        2,
        "a seat whose move is over cannot move again until somebody cleans up",
        (Edit(SESSIONS, "v_earlier := expire_v1(v_late);", "v_earlier := '[]';"),),
        SWEEPING + "test_a_seat_takes_the_place_of_an_earlier_move_of_its_own",
    ),
    Mutant(
        "earlier_reassignment_not_swept",
        2,
        "a meeting whose reassignment is over cannot be given away until somebody cleans up",
        (Edit("booking/sql/reassign_v1.sql", "v_expired := expire_v1(m.id);", "v_expired := '[]';"),),
        SWEEPING + "test_a_reassignment_takes_the_place_of_an_earlier_one",
    ),
    Mutant(
        "hold_never_expires",
        2,
        "a hold's deadline is a thousand times too late",
        (
            Edit(
                HOLD,
                "make_interval(secs => (p_booking ->> 'seconds')::double precision)",
                "make_interval(secs => 1000 * (p_booking ->> 'seconds')::double precision)",
            ),
        ),
        P2 + "test_a_hold_expires_by_itself_and_then_blocks_nobody",
    ),
    Mutant(
        "expired_hold_still_blocks_the_page",
        2,
        "the page does not offer a time whose hold ran out",
        (
            Edit(
                "booking/sql/occupied_v2.sql",
                "\n                AND (b.expires_at IS NULL OR b.expires_at > v_now)) THEN 'empty'",
                ") THEN 'empty'",
            ),
        ),
        P2 + "test_a_hold_expires_by_itself_and_then_blocks_nobody",
    ),
    Mutant(
        "confirmed_too_late",
        2,
        "neither the runner nor the confirming update looks at the deadline",
        (
            Edit("audit/sagas/runner.py", "return deadline is not None and at >= deadline", "return False"),
            Edit(
                "booking/sql/retaken_v1.sql",
                "status = 'awaiting_link' AND expires_at > clock_timestamp()\n",
                "status = 'awaiting_link'\n",
            ),
        ),
        P2 + "test_a_confirmation_that_comes_too_late_is_none",
    ),
    Mutant(
        "holds_not_capped",
        2,
        "one visitor may hold every time there is",
        (
            Edit(
                HOLD,
                "IF v_status = 'held' AND p_holds_per_visitor IS NOT NULL THEN",
                "IF false THEN",
            ),
        ),
        P2 + "test_nobody_holds_more_than_a_few_times",
    ),
)
