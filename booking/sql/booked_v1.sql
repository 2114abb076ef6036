-- A place and all that follows from it at once, in the round trip of the guard.

-- Whether the exclusion constraint is there, valid and not deferrable.
CREATE FUNCTION guard_stands_v1() RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_constraint c JOIN pg_index i ON i.indexrelid = c.conindid
        WHERE c.conrelid = 'booking_occupancy'::regclass AND c.conname = 'booking_occupancy_no_overlap'
            AND c.contype = 'x' AND NOT c.condeferrable AND i.indisvalid);
END
$$;

-- Whether time may be claimed: it stands, and the health check did not see that it fails to refuse.
CREATE FUNCTION may_claim_v1() RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN guard_stands_v1()
        AND NOT EXISTS (SELECT FROM booking_proberesult WHERE probe = 'guard' AND state = 'bad');
END
$$;

-- taken_v1's answer; where the place was taken, also the booking's run and its reminders, written here.
--   p_begin  run, steps, job   as start_run_v1 takes them
--            remind            as remind_v1 takes it, or absent
-- Adds `run` (start_run_v1's answer) and `reminders` (their ids in the order of their instants, or null).
CREATE FUNCTION booked_v1(p_answer jsonb, p_begin jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_booking bigint := (p_answer ->> 'booking')::bigint;
    v_run     jsonb;
    v_made    jsonb;
BEGIN
    IF p_answer ->> 'outcome' <> 'held' THEN
        RETURN p_answer;
    END IF;
    v_run := start_run_v1(p_begin -> 'run', p_begin -> 'steps', p_begin -> 'job');
    IF p_begin ? 'remind' THEN
        v_made := remind_v1(p_begin #>> '{job,schema}', v_booking, p_begin -> 'remind');
    END IF;
    RETURN taken_v1(p_answer) || jsonb_build_object('run', v_run, 'reminders', v_made);
END
$$;
