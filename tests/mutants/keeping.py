"""Mutants of promises 6, 7 and 8: what runs by itself, is kept on record, and stays in its place."""

from tests.mutants.mutant import Edit, Mutant

P6 = "tests/promises/test_promise_6_the_workflows_run_on_their_own.py::"
P7 = "tests/promises/test_promise_7_every_automated_action_is_signed_and_reversible.py::"
P6_FAULTS = "tests/promises/test_promise_6_faults_are_seen_and_mended.py::"
P8_POOLED = "tests/promises/test_promise_8_behind_a_pooler.py::"
P8 = "tests/promises/test_promise_8_they_own_every_part.py::"
TRUTH = "booking/sql/truth_v3.sql"
RETAKEN = "booking/sql/retaken_v1.sql"

WORKFLOWS = (
    Mutant(
        "run_not_enqueued",
        6,
        "a run is written, and nobody is asked to perform it",
        (
            Edit(
                "audit/sql/start_run_v1.sql",
                "'job', public.enqueue_v1(p_job ->> 'schema',\n"
                "        p_job ->> 'kind', v_run::text, v_now, v_now, (p_job ->> 'at_once')::boolean));",
                "'job', 0);",
            ),
        ),
        P6 + "test_promise_6_the_workflows_run_on_their_own",
    ),
    Mutant(
        "cancellation_keeps_the_event",
        6,
        "a cancelled meeting stays in the host's calendar",
        (
            Edit(
                "booking/workflows/cancellation.py",
                "            Step(delete_calendar_event, attempts=12, back_off=2.0),\n",
                "",
            ),
        ),
        P6 + "test_promise_6_the_workflows_run_on_their_own",
    ),
    Mutant(
        "guard_probe_only_looks",
        6,
        "the health check is content with the guard's name and attempts no overlap",
        (
            Edit("booking/health/constraint.py", "if outcome != TAKEN:", "if False:"),
            Edit(
                "booking/health/constraint.py",
                "    try:\n        probe_hold(now=asked.now)",
                "    try:\n        probe_hold",
            ),
        ),
        P6_FAULTS + "test_a_guard_that_stands_but_refuses_nothing_is_seen",
    ),
    Mutant(
        "fixer_repairs_twice",
        6,
        "two passes at once repair one thing twice",
        (
            Edit(
                "booking/repairs/passes.py",
                "if any(run.state in (Run.State.RUNNING, Run.State.FAILING) for run in before):",
                "if False:",
            ),
        ),
        P6_FAULTS + "test_a_run_that_stands_still_is_mended_once_however_many_look",
    ),
    Mutant(
        "reminded_although_moved",
        6,
        "a move leaves the old reminders due, and nobody looks whether the booking moved",
        (
            Edit("booking/reminding.py", "if lost or each.starts_at != it.starts_at]", "if lost]"),
            Edit(
                "booking/actions/remind.py",
                "    if booking.meeting.starts_at != reminder.starts_at:\n",
                "    if False:\n",
            ),
        ),
        P6 + "test_nobody_is_reminded_of_a_time_that_moved",
    ),
    Mutant(
        "reminded_without_proof",
        6,
        "the reminder's link is taken as joinable without being visited",
        (
            Edit(
                "booking/actions/remind.py",
                "        proof = meeting_provider(meeting.link_kind).prove(link, request, now=context.now)\n",
                "        from providers.protocols import Proof\n"
                "        del request\n"
                "        proof = Proof(checked_at=context.now, url=link.url, evidence={})\n",
            ),
        ),
        P6 + "test_nobody_is_reminded_with_a_link_that_is_dead",
    ),
    Mutant(
        "fault_not_reported",
        6,
        "nothing starts the error handler when a step fails for good",
        (Edit("booking/workflows/error_handler.py", "when_a_step_fails(NAME, start_error_handler)\n", ""),),
        P6 + "test_a_run_that_fails_ends_and_tells_by_itself",
    ),
    Mutant(
        "incident_duplicated",
        6,
        "each sight of a fault opens an incident, and the database lets it",
        (
            Edit(
                "booking/incidents.py",
                '    if not rows.update(seen=F("seen") + 1, **words):\n',
                "    if rows is not None:\n",
            ),
            Edit(
                "booking/migrations/0003_incidents_and_reminders.py",
                "models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('kind', 'subject'), "
                "name='booking_incident_once'), ",
                "",
            ),
        ),
        P6 + "test_the_same_fault_is_one_incident_however_often_it_is_seen",
    ),
)

SIGNED = (
    Mutant(
        "signed_entry_not_asked",
        7,
        "the database lets a change commit that nobody signed",
        (
            Edit(
                TRUTH,
                "IF NOT it.is_signed THEN",
                "IF false THEN",
            ),
        ),
        P7 + "test_a_change_without_a_signed_entry_cannot_commit",
    ),
    Mutant(
        "unsigned_path",
        7,
        "steps leave no entry",
        (
            Edit(
                "audit/sagas/signing.py",
                "    undo = step.action.undo\n    because",
                "    return\n    undo = step.action.undo\n    because",
            ),
        ),
        P7 + "test_promise_7_every_automated_action_is_signed_and_reversible",
    ),
    Mutant(
        "sweep_unsigned",
        7,
        "whoever joins a session signs their own seat, but not that an expired one was given back",
        (Edit("booking/holding.py", '    sign_expired(answer["swept"])\n', ""),),
        "tests/booking/test_sweeping.py::test_a_full_session_gives_the_seat_of_a_hold_to_who_joins",
    ),
    Mutant(
        "signature_not_checked",
        7,
        "verification does not look at signatures",
        (
            Edit(
                "audit/verification/core.py",
                "if not is_signed(row.hash, row.signature, public_key=current.public_key):",
                "if False:",
            ),
        ),
        P7 + "test_nobody_rewrites_the_record_unseen",
    ),
    Mutant(
        "ledger_can_be_truncated",
        7,
        "TRUNCATE passes the row triggers of the ledger by",
        (
            Edit(
                "audit/sql/ledger_v1.sql",
                "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry\n"
                "    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_v1();\n",
                "",
            ),
        ),
        P7 + "test_nobody_rewrites_the_record_unseen",
    ),
    Mutant(
        "retake_bypasses_the_guard",
        7,
        "undo of a cancellation takes the time back from whoever has it now",
        (
            Edit(
                RETAKEN,
                "        v_swept := claim_v1(m.id, ARRAY(SELECT resource_id",
                "        UPDATE booking_occupancy SET retired_at = clock_timestamp()\n"
                "        WHERE retired_at IS NULL AND blocked && m.blocked;\n"
                "        v_swept := claim_v1(m.id, ARRAY(SELECT resource_id",
            ),
        ),
        P7 + "test_undo_of_a_cancellation_says_when_the_time_is_gone",
    ),
)

OWN_PARTS = (
    Mutant(
        "exported_rows_not_compared",
        8,
        "a row that was altered in an exported file is called as it was taken",
        (
            Edit(
                "tenants/exporting/verifying.py",
                '        if digest.hexdigest() != said.get("sha256"):\n',
                '        if not said.get("sha256"):\n',
            ),
        ),
        P8 + "test_one_command_takes_all_of_it_away_in_one_file",
    ),
    Mutant(
        "room_at_a_vendor",
        8,
        "the built-in room's link leads to somebody else's server",
        (
            Edit(
                "providers/meetings/room.py",
                'url = tenant_url(None, f"/room/{room.token}/")',
                'url = f"https://meet.example.com/room/{room.token}/"',
            ),
        ),
        P8 + "test_promise_8_they_own_every_part",
    ),
    Mutant(
        "tenant_not_checked",
        8,
        "a write function does not compare its caller's tenant with its own",
        (
            Edit(
                "booking/sql/identity_v1.sql",
                "IF NOT EXISTS (SELECT 1 FROM tenant_identity WHERE schema_name = p_tenant) THEN",
                "IF false THEN",
            ),
        ),
        P8 + "test_a_statement_that_reached_another_business_is_refused_by_the_database",
    ),
    Mutant(
        "set_local_removed",
        8,
        "the path is set for the session, and remembered: behind a pooler it is somebody else's session",
        (
            Edit(
                "platform/kernel/postgres/base.py",
                "        return _BEGIN + self.backend.path_statement if is_due else self.backend.path_statement\n",
                "        before = getattr(self.backend, 'path_before', '')\n"
                "        self.backend.path_before = self.backend.path_statement\n"
                "        same = before == self.backend.path_statement\n"
                "        path = '' if same else self.backend.path_statement.replace('LOCAL ', '')\n"
                "        return _BEGIN + path if is_due else path\n",
            ),
        ),
        P8_POOLED + "test_each_of_two_businesses_is_answered_from_its_own_schema",
    ),
    Mutant(
        "failed_search_path_swallowed",
        8,
        "the path is set for the session, apart from the statement; a failure is forgotten, and the next query "
        "reads the previous business",
        (
            Edit(
                "platform/kernel/postgres/base.py",
                "        super().execute(_joined(before, query), params, **options)\n"
                '        for _ in range(before.count("; ")):  # one result for each statement that went before\n'
                "            self.nextset()\n",
                "        try:\n"
                '            super().execute(before.replace("LOCAL ", ""))\n'
                "        except Exception:\n"
                "            pass\n"
                "        super().execute(query, params, **options)\n",
            ),
        ),
        P8 + "test_a_connection_that_could_not_enter_a_business_reads_nothing",
    ),
)
