-- In place of resources_v1.sql's: whom the meeting claims is read again under its lock, for a reassignment may have
-- counted while this waited for it. The new host is not in the line of moves yet: whoever moves it asks again.
CREATE OR REPLACE FUNCTION move_v1(
    p_tenant text, p_booking bigint, p_starts timestamptz, p_ends timestamptz, p_blocked tstzrange, p_seconds integer
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m       booking_meeting;
    v_claim bigint[];
    v_swept jsonb := '[]';
    v_expired jsonb := '[]';  -- an earlier move of this booking; given back and signed whatever comes of this one
    v_rows  integer;
    v_move  bigint;
    v_want  tstzrange;
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    v_claim := ARRAY(SELECT resource_id FROM booking_claimed WHERE meeting_id = v_meeting ORDER BY resource_id);
    -- Two moves of one resource that swap places would wait for each other: they go one at a time.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || '|move|' || r, 0)) FROM unnest(v_claim) AS r;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    IF v_claim <> ARRAY(SELECT resource_id FROM booking_claimed WHERE meeting_id = v_meeting ORDER BY resource_id) THEN
        RETURN jsonb_build_object('outcome', 'moving', 'swept', v_expired);
    END IF;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'confirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_confirmed');
    END IF;
    v_expired := expire_v1(m.id);
    IF EXISTS (SELECT 1 FROM booking_move WHERE booking_id = p_booking AND status = 'held') THEN
        RETURN jsonb_build_object('outcome', 'moving', 'swept', v_expired);
    END IF;
    BEGIN
        v_swept := sweep_v1(v_claim, p_blocked);
        v_want := p_blocked;
        IF m.blocked && p_blocked OR m.blocked -|- p_blocked THEN
            v_want := range_merge(m.blocked, p_blocked);
            UPDATE booking_occupancy SET retired_at = clock_timestamp() WHERE meeting_id = m.id AND retired_at IS NULL;
        END IF;
        INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
        SELECT r, m.id, v_want FROM unnest(v_claim) AS r ORDER BY r
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows < cardinality(v_claim) THEN
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
