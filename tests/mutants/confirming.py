"""Mutants of promises 3, 4 and 5: how a booking is confirmed, and who is told."""

from tests.mutants.mutant import Edit, Mutant

P3 = "tests/promises/test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made.py::"
P4 = "tests/promises/test_promise_4_everyone_is_told.py::"
P5 = "tests/promises/test_promise_5_a_time_that_clashes_is_never_shown.py::"
HOLD = "booking/sql/hold_v1.sql"
TRUTH = "booking/sql/truth_v3.sql"
NEW_BOOKING = "booking/workflows/new_booking.py"

PROVEN_LINK = (
    Mutant(
        "proof_skipped",
        3,
        "the link is stored as proven without being visited",
        (
            Edit(
                "booking/actions/verify_link.py",
                "        lambda: meeting_provider(link.kind).prove(link, request, now=context.now), "
                'code="link_unverified"\n',
                "        lambda: __import__('providers.protocols').protocols.Proof(\n"
                "            checked_at=context.now, url=link.url, evidence={}), "
                'code="link_unverified"\n',
            ),
        ),
        P3 + "test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made[answers 500]",
    ),
    Mutant(
        "another_meetings_page_accepted",
        3,
        "the room's page is not read for its meeting and start",
        (
            Edit(
                "providers/meetings/room.py",
                "    if not _is_mark_of(marks[0], request):\n",
                "    if False:\n",
            ),
        ),
        P3
        + "test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made[page is another meeting's]",
    ),
    Mutant(
        "echo_not_compared",
        3,
        "any signalling that answers counts as this room's",
        (
            Edit(
                "providers/meetings/room.py",
                'if not hmac.compare_digest(str(said.get("echo")).encode(), echo.encode()):',
                'if "echo" not in said or not echo:',
            ),
        ),
        P3
        + "test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made[signalling is not this room's]",
    ),
    Mutant(
        "proof_not_asked_by_the_database",
        3,
        "the database lets an unproven confirmation commit",
        (
            Edit(
                TRUTH,
                "WHEN it.confirmed > 0 AND it.location_kind NOT IN",
                "WHEN false AND it.location_kind NOT IN",
            ),
        ),
        P3 + "test_the_database_refuses_a_confirmation_without_proof",
    ),
    Mutant(
        "failure_keeps_the_slot",
        3,
        "a booking that failed still holds its time",
        (
            Edit(
                NEW_BOOKING,
                'call("release_v1", target.booking.pk, ["awaiting_link"], "failed", reason.value, told, "")',
                "pass",
            ),
        ),
        P3 + "test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made[answers 500]",
    ),
    Mutant(
        "failure_not_told",
        3,
        "nobody writes to the client of a booking that failed",
        (Edit(NEW_BOOKING, '    enqueue("tell_failed", ref=str(context.run_id), now=context.now)\n', ""),),
        P3 + "test_promise_3_a_confirmation_never_points_at_a_link_that_was_never_made[answers 500]",
    ),
)

EVERYONE_TOLD = (
    Mutant(
        "message_dedupe_removed",
        4,
        "each attempt of a step queues its mails anew",
        (
            Edit(
                "booking/actions/messages.py",
                'Queued(draft, uid, f"step{context.step_id}{suffix}:{draft.kind}:{draft.to_address}")',
                'Queued(draft, uid, f"{context.now}{suffix}:{draft.kind}:{draft.to_address}")',
            ),
        ),
        P4 + "test_what_has_to_be_tried_again_tells_nobody_twice",
    ),
    Mutant(
        "team_not_told",
        4,
        "the new booking's workflow has no notice to the team",
        (
            Edit(
                NEW_BOOKING, "            Step(notify_team, attempts=12, back_off=2.0, own_undo=True),\n", ""
            ),
        ),
        P4 + "test_promise_4_everyone_is_told",
    ),
    Mutant(
        "finished_job_performed_again",
        4,
        "a job that was done is claimed and performed again when it is delivered twice",
        (
            Edit(
                "platform/jobs/sql/lease_v1.sql",
                "        AND (j.state = 'queued' AND j.due_at <= clock_timestamp()\n"
                "            OR j.state = 'leased' AND j.leased_until < clock_timestamp())\n",
                "",
            ),
        ),
        P4 + "test_promise_4_everyone_is_told",
    ),
    Mutant(
        "idempotency_key_ignored",
        4,
        "the same request with the same key is another booking",
        (Edit(HOLD, "IF p_key_hash IS NOT NULL THEN", "IF false THEN"),),
        P4 + "test_a_request_sent_again_with_its_key_is_the_same_booking",
    ),
)

NO_CLASH = (
    Mutant(
        "calendar_failure_counts_as_empty",
        5,
        "a calendar that cannot be read has no events",
        (
            Edit(
                "providers/calendars/busy_index.py",
                "stale.setdefault(each.host_id, reading.words)",
                "gathered[each.host_id] += []",
            ),
        ),
        P5 + "test_promise_5_a_time_that_clashes_is_never_shown",
    ),
    Mutant(
        "calendars_not_asked_for_the_page",
        5,
        "the page shows times that stand in the host's calendar",
        (
            Edit(
                "booking/offers.py",
                "for start, end in outside.busy.get(each.pk, ())",
                "for start, end in ()",
            ),
        ),
        P5 + "test_promise_5_a_time_that_clashes_is_never_shown",
    ),
    Mutant(
        "live_check_skipped",
        5,
        "nobody asks the calendars again before confirming",
        (
            Edit(
                "booking/actions/check_calendars.py",
                'sentence="Asked the connected calendars live", call=check, undo=NoEffect()',
                'sentence="Asked the connected calendars live", undo=NoEffect()',
            ),
        ),
        P5 + "test_a_meeting_added_between_page_and_click_ends_in_calendar_busy",
    ),
    Mutant(
        "taken_slot_kept_in_memory",
        5,
        "what is open is kept although somebody has booked since",
        (
            Edit(
                "booking/offers.py", "            *stamps().values(),\n", '            stamps()["catalog"],\n'
            ),
        ),
        P5 + "test_a_slot_that_somebody_took_leaves_what_is_kept_in_memory",
    ),
    Mutant(
        "catalog_stamp_stands_still",
        5,
        "a change of hours or meeting types does not change the catalog's stamp",
        (
            Edit(
                "booking/sql/catalog_v2.sql",
                "    UPDATE booking_catalog SET stamp = gen_random_uuid(),\n"
                "        stamps = stamps || jsonb_build_object(TG_TABLE_NAME, gen_random_uuid());\n",
                "",
            ),
        ),
        P5 + "test_hours_that_somebody_else_closed_are_closed_at_the_next_look",
    ),
)
