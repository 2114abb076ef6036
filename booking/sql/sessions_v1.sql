-- One session of an event type at a start. Whoever opens, joins or reopens one waits in its line before any other lock of
-- the guard: else two who come at once, of whom one waits for a host that somebody is just giving up, open one each.
CREATE FUNCTION lock_session_v1(p_event_type bigint, p_starts timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(
        current_schema() || '|session|' || p_event_type || '|' || extract(epoch FROM p_starts), 0));
END
$$;

-- In place of hold_v1.sql's: take a seat in the session of this event type that starts then, in its line.
-- "joined", "full", or "none" to join.
CREATE OR REPLACE FUNCTION join_v1(p_event_type bigint, p_starts timestamptz, OUT outcome text, OUT meeting bigint, OUT swept jsonb)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_session_v1(p_event_type, p_starts);
    outcome := 'none';
    swept := '[]';
    SELECT id INTO meeting FROM booking_meeting
    WHERE event_type_id = p_event_type AND starts_at = p_starts AND released_at IS NULL
    ORDER BY id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    swept := expire_v1(meeting);
    UPDATE booking_meeting SET seats_taken = seats_taken + 1
    WHERE id = meeting AND released_at IS NULL AND seats_taken < capacity;
    IF FOUND THEN
        outcome := 'joined';
    ELSIF EXISTS (SELECT 1 FROM booking_meeting WHERE id = meeting AND released_at IS NULL) THEN
        outcome := 'full';
    END IF;
END
$$;

-- In place of seat_v1.sql's: the line of the session comes before what an earlier move of this booking gives back.
CREATE OR REPLACE FUNCTION move_seat_v1(
    p_tenant text,
    p_booking bigint,
    p_meeting jsonb,          -- uid, event_type, starts_at, ends_at, capacity, location_kind, location_detail
    p_blocked tstzrange,
    p_alternatives bigint[],  -- sets of hosts for a session that is opened, best first
    p_seconds integer
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_event_type bigint      := (p_meeting ->> 'event_type')::bigint;
    v_starts     timestamptz := (p_meeting ->> 'starts_at')::timestamptz;
    v_meeting    bigint      := nextval(pg_get_serial_sequence('booking_meeting', 'id'));
    v_refused    text        := NULL;
    v_earlier    jsonb       := '[]';  -- an earlier move of this booking; given back and signed whatever comes of this one
    v_expired    jsonb       := '[]';
    v_swept      jsonb       := NULL;
    v_hosts      bigint[];
    v_join       record;
    v_move       bigint;
    v_late       bigint;
    b            booking_booking;
    m            booking_meeting;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    PERFORM lock_session_v1(v_event_type, v_starts);
    SELECT meeting_id INTO v_late FROM booking_move
    WHERE booking_id = p_booking AND status = 'held' AND expires_at <= clock_timestamp();
    IF FOUND THEN
        v_earlier := expire_v1(v_late);
    END IF;
    BEGIN
        FOR v_try IN 1..3 LOOP
            SELECT * INTO v_join FROM join_v1(v_event_type, v_starts);
            v_expired := v_expired || v_join.swept;
            IF v_join.outcome = 'joined' THEN
                v_meeting := v_join.meeting;
                v_swept := '[]';
                EXIT;
            ELSIF v_join.outcome = 'full' THEN
                RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'seats_full';
            END IF;
            FOR v_choice IN 1..coalesce(array_length(p_alternatives, 1), 0) LOOP
                v_hosts := ARRAY(SELECT unnest(p_alternatives[v_choice:v_choice]));
                v_swept := claim_v1(v_meeting, v_hosts, p_blocked);
                EXIT WHEN v_swept IS NOT NULL;
            END LOOP;
            EXIT WHEN v_swept IS NOT NULL;
        END LOOP;
        IF v_swept IS NULL THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'slot_taken';
        END IF;

        SELECT * INTO b FROM booking_booking WHERE id = p_booking FOR UPDATE;
        IF b.status IS DISTINCT FROM 'confirmed' THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'not_confirmed';
        ELSIF b.meeting_id = v_meeting
            OR EXISTS (SELECT 1 FROM booking_move WHERE booking_id = p_booking AND status = 'held') THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'moving';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM booking_meeting WHERE id = v_meeting) THEN
            INSERT INTO booking_meeting (id, uid, event_type_id, starts_at, ends_at, blocked, capacity, seats_taken,
                scheduled, location_kind, location_detail, join_url, link_key, sequence, created_at)
            VALUES (v_meeting, p_meeting ->> 'uid', v_event_type, v_starts, (p_meeting ->> 'ends_at')::timestamptz,
                p_blocked, (p_meeting ->> 'capacity')::integer, 1, false, p_meeting ->> 'location_kind',
                p_meeting ->> 'location_detail', '', '', 0, clock_timestamp());
            INSERT INTO booking_meetinghost (meeting_id, host_id, position)
            SELECT v_meeting, r, n - 1 FROM unnest(v_hosts) WITH ORDINALITY AS hosts (r, n);
        END IF;
        SELECT * INTO m FROM booking_meeting WHERE id = b.meeting_id;
        INSERT INTO booking_move (booking_id, meeting_id, from_meeting_id, status, from_starts_at, from_ends_at,
            from_blocked, starts_at, ends_at, blocked, expires_at, join_url, link_key, failure_code, failure_words,
            created_at)
        SELECT p_booking, t.id, m.id, 'held', m.starts_at, m.ends_at, m.blocked, t.starts_at, t.ends_at, t.blocked,
            clock_timestamp() + make_interval(secs => p_seconds), '', '', '', '', clock_timestamp()
        FROM booking_meeting t WHERE t.id = v_meeting
        RETURNING id INTO v_move;
    EXCEPTION WHEN SQLSTATE 'HF002' THEN
        GET STACKED DIAGNOSTICS v_refused = PG_EXCEPTION_DETAIL;
    END;
    IF v_refused IS NOT NULL THEN
        RETURN jsonb_build_object('outcome', v_refused, 'swept', v_earlier);
    END IF;
    RETURN jsonb_build_object('outcome', 'held', 'move', v_move, 'swept', v_earlier || v_expired || v_swept);
END
$$;

-- In place of resources_v1.sql's: a session is not opened again beside the one that was opened at its time meanwhile.
CREATE OR REPLACE FUNCTION retake_v1(p_tenant text, p_booking bigint, p_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m         booking_meeting;
    v_swept   jsonb := '[]';
    v_meeting bigint;
    v_group   boolean;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT e.kind = 'group' INTO v_group
    FROM booking_meeting k JOIN booking_eventtype e ON e.id = k.event_type_id WHERE k.id = v_meeting;
    IF v_group THEN
        PERFORM lock_session_v1(event_type_id, starts_at) FROM booking_meeting WHERE id = v_meeting;
    END IF;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'cancelled' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_cancelled');
    END IF;
    IF m.starts_at <= clock_timestamp() THEN
        RETURN jsonb_build_object('outcome', 'past');
    END IF;
    IF m.released_at IS NOT NULL THEN
        IF v_group AND EXISTS (SELECT 1 FROM booking_meeting o WHERE o.event_type_id = m.event_type_id
                AND o.starts_at = m.starts_at AND o.released_at IS NULL) THEN
            RETURN jsonb_build_object('outcome', 'slot_taken');
        END IF;
        v_swept := claim_v1(m.id, ARRAY(SELECT resource_id FROM booking_claimed WHERE meeting_id = m.id), m.blocked);
        IF v_swept IS NULL THEN
            RETURN jsonb_build_object('outcome', 'slot_taken');
        END IF;
        UPDATE booking_meeting SET released_at = NULL, seats_taken = 1, sequence = sequence + 1, join_url = '',
            link_key = '', link_proved_at = NULL, link_proof = NULL WHERE id = m.id;
    ELSE
        UPDATE booking_meeting SET seats_taken = seats_taken + 1, sequence = sequence + 1
        WHERE id = m.id AND seats_taken < capacity;
        IF NOT FOUND THEN
            RETURN jsonb_build_object('outcome', 'seats_full');
        END IF;
    END IF;
    UPDATE booking_booking
    SET status = 'held', expires_at = clock_timestamp() + make_interval(secs => p_seconds),
        cancelled_at = NULL, cancelled_by = '', cancel_reason = ''
    WHERE id = p_booking;
    RETURN jsonb_build_object('outcome', 'held', 'booking', p_booking, 'meeting', m.id, 'swept', v_swept);
END
$$;
