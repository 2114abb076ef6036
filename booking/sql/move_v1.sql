-- A reschedule is a move: the old and the new time both stay blocked until the new one is confirmed.

-- Block the new time beside the old one, for the same hosts; where the two touch, one covering row.
CREATE FUNCTION move_v1(
    p_tenant text, p_booking bigint, p_starts timestamptz, p_ends timestamptz, p_blocked tstzrange, p_seconds integer
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m       booking_meeting;
    v_hosts bigint[];
    v_swept jsonb := '[]';
    v_expired jsonb := '[]';  -- an earlier move of this booking; given back and signed whatever comes of this one
    v_rows  integer;
    v_move  bigint;
    v_want  tstzrange;
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    v_hosts := ARRAY(SELECT host_id FROM booking_meetinghost WHERE meeting_id = v_meeting ORDER BY host_id);
    -- Two moves of one host that swap places would wait for each other: moves of a host go one at a time.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || '|move|' || h, 0)) FROM unnest(v_hosts) AS h;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'confirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_confirmed');
    END IF;
    v_expired := expire_v1(m.id);
    IF EXISTS (SELECT 1 FROM booking_move WHERE booking_id = p_booking AND status = 'held') THEN
        RETURN jsonb_build_object('outcome', 'moving', 'swept', v_expired);
    END IF;
    BEGIN
        v_swept := sweep_v1(v_hosts, p_blocked);
        v_want := p_blocked;
        IF m.blocked && p_blocked OR m.blocked -|- p_blocked THEN
            v_want := range_merge(m.blocked, p_blocked);
            UPDATE booking_occupancy SET retired_at = clock_timestamp() WHERE meeting_id = m.id AND retired_at IS NULL;
        END IF;
        INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
        SELECT h, m.id, v_want FROM unnest(v_hosts) AS h ORDER BY h
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows < cardinality(v_hosts) THEN
            RAISE EXCEPTION 'taken' USING ERRCODE = 'HF001';
        END IF;
    EXCEPTION WHEN SQLSTATE 'HF001' THEN
        RETURN jsonb_build_object('outcome', 'slot_taken', 'swept', v_expired);
    END;
    INSERT INTO booking_move (booking_id, meeting_id, status, from_starts_at, from_ends_at, from_blocked,
        starts_at, ends_at, blocked, expires_at, join_url, link_key, failure_code, failure_words, created_at)
    VALUES (p_booking, m.id, 'held', m.starts_at, m.ends_at, m.blocked, p_starts, p_ends, p_blocked,
        clock_timestamp() + make_interval(secs => p_seconds), '', '', '', '', clock_timestamp())
    RETURNING id INTO v_move;
    RETURN jsonb_build_object('outcome', 'held', 'move', v_move, 'swept', v_expired || v_swept);
END
$$;

-- The new time counts, the old one is free, the attendee's older links are void. False: too late.
CREATE FUNCTION confirm_move_v1(p_tenant text, p_move bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v booking_move;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT * INTO v FROM booking_move WHERE id = p_move;
    PERFORM 1 FROM booking_meeting WHERE id = v.meeting_id FOR UPDATE;
    UPDATE booking_move SET status = 'confirmed', expires_at = NULL
    WHERE id = p_move AND status = 'held' AND expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE booking_meeting
    SET starts_at = v.starts_at, ends_at = v.ends_at, blocked = v.blocked, sequence = sequence + 1,
        join_url = v.join_url, link_key = v.link_key, link_proved_at = v.link_proved_at, link_proof = v.link_proof
    WHERE id = v.meeting_id;
    UPDATE booking_booking SET manage_version = manage_version + 1 WHERE id = v.booking_id;
    PERFORM settle_meeting_v1(v.meeting_id);
    RETURN true;
END
$$;

-- The old time stands untouched, the new one is free again. False: it had ended already.
CREATE FUNCTION fail_move_v1(p_tenant text, p_move bigint, p_code text, p_words text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_move WHERE id = p_move;
    PERFORM 1 FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    UPDATE booking_move SET status = 'failed', expires_at = NULL, failure_code = p_code, failure_words = p_words
    WHERE id = p_move AND status = 'held';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM settle_meeting_v1(v_meeting);
    RETURN true;
END
$$;
