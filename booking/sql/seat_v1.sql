-- A seat in a group session moves to another session: the seat there is taken at once, the old one is kept
-- until the new one is confirmed. A held move whose meeting is not its booking's counts as a seat (truth_v1).

-- Take a seat in the session that starts then, or open that session, as hold_v1 does. The old session is not
-- touched and not locked: nothing of it changes before confirm_seat_v1.
CREATE FUNCTION move_seat_v1(
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

-- The booking has its place in the new session from now on; the old session counts its seats again, and is
-- released with its last one. Meetings are locked in the order of their ids. False: too late, or cancelled.
CREATE FUNCTION confirm_seat_v1(p_tenant text, p_move bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v booking_move;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT * INTO v FROM booking_move WHERE id = p_move;
    PERFORM 1 FROM booking_meeting WHERE id IN (v.meeting_id, v.from_meeting_id) ORDER BY id FOR UPDATE;
    PERFORM 1 FROM booking_booking
    WHERE id = v.booking_id AND meeting_id = v.from_meeting_id AND status = 'confirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE booking_move SET status = 'confirmed', expires_at = NULL
    WHERE id = p_move AND status = 'held' AND expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE booking_booking SET meeting_id = v.meeting_id, manage_version = manage_version + 1 WHERE id = v.booking_id;
    UPDATE booking_meeting SET sequence = sequence + 1 WHERE id IN (v.meeting_id, v.from_meeting_id);
    PERFORM settle_meeting_v1(v.meeting_id);
    PERFORM settle_meeting_v1(v.from_meeting_id);
    RETURN true;
END
$$;
