-- The slot locks first: one call takes a place, or says why not, and writes nothing then.
--
-- p_alternatives: sets of resources, each enough on its own, best first, one row a set:
--   one-on-one {{7}}, round robin {{7},{9},{12}}, collective {{7,9,12}}.
-- Lock order of the whole product: claims, counters by key, booking, jobs, ledger head last. Each
-- alternative is a subtransaction, so a lost one keeps no lock; claims are inserted in ascending resource id
-- in one statement, ON CONFLICT DO NOTHING waits for an uncommitted rival and then knows.

-- Claim the resources for a new meeting; NULL if anybody else has one of them at that time.
CREATE FUNCTION claim_v1(p_meeting bigint, p_resources bigint[], p_blocked tstzrange) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_swept jsonb;
    v_rows  integer;
BEGIN
    v_swept := sweep_v1(p_resources, p_blocked);
    INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
    SELECT r, p_meeting, p_blocked FROM unnest(p_resources) AS r ORDER BY r
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows < cardinality(p_resources) THEN
        RAISE EXCEPTION 'taken' USING ERRCODE = 'HF001';  -- takes the sweep and the partial claim back
    END IF;
    RETURN v_swept;
EXCEPTION WHEN SQLSTATE 'HF001' THEN
    RETURN NULL;
END
$$;

-- Take a seat in the session of this event type that starts then. "joined", "full", or "none" to join.
CREATE FUNCTION join_v1(p_event_type bigint, p_starts timestamptz, OUT outcome text, OUT meeting bigint, OUT swept jsonb)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
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

CREATE FUNCTION hold_v1(
    p_tenant text,
    p_meeting jsonb,          -- uid, event_type, starts_at, ends_at, capacity, location_kind, location_detail
    p_blocked tstzrange,
    p_alternatives bigint[],
    p_group boolean,
    p_booking jsonb,          -- uid, status, seconds (null: no deadline), name, email, time_zone, guests, answers, source, visitor
    p_holds_per_visitor integer,
    p_holds_per_tenant integer,
    p_key_hash text,
    p_fingerprint text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_event_type bigint      := (p_meeting ->> 'event_type')::bigint;
    v_starts     timestamptz := (p_meeting ->> 'starts_at')::timestamptz;
    v_status     text        := p_booking ->> 'status';
    v_visitor    text        := p_booking ->> 'visitor';
    v_meeting    bigint      := nextval(pg_get_serial_sequence('booking_meeting', 'id'));
    v_booking    bigint      := nextval(pg_get_serial_sequence('booking_booking', 'id'));
    v_expires    timestamptz := clock_timestamp() + make_interval(secs => (p_booking ->> 'seconds')::double precision);
    v_refused    text        := NULL;
    v_swept      jsonb       := NULL;
    v_expired    jsonb       := '[]';  -- what joining gave back; it is signed whatever comes of it
    v_hosts      bigint[];
    v_join       record;
    v_known      record;
    v_try        integer;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    BEGIN
        IF p_key_hash IS NOT NULL THEN
            INSERT INTO booking_idempotencykey (key_hash, fingerprint, booking_id, created_at)
            VALUES (p_key_hash, p_fingerprint, v_booking, clock_timestamp()) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT * INTO v_known FROM booking_idempotencykey WHERE key_hash = p_key_hash;
                IF v_known.fingerprint <> p_fingerprint THEN
                    RETURN jsonb_build_object('outcome', 'idempotency_mismatch');
                END IF;
                RETURN jsonb_build_object('outcome', 'replayed', 'booking', v_known.booking_id);
            END IF;
        END IF;

        -- A session of the same event type and start means join; losing the race to create one, too.
        FOR v_try IN 1..3 LOOP
            IF p_group THEN
                SELECT * INTO v_join FROM join_v1(v_event_type, v_starts);
                v_expired := v_expired || v_join.swept;
                IF v_join.outcome = 'joined' THEN
                    v_meeting := v_join.meeting;
                    v_swept := '[]';
                    EXIT;
                ELSIF v_join.outcome = 'full' THEN
                    RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'seats_full';
                END IF;
            END IF;
            FOR v_choice IN 1..array_length(p_alternatives, 1) LOOP
                v_hosts := ARRAY(SELECT unnest(p_alternatives[v_choice:v_choice]));
                v_swept := claim_v1(v_meeting, v_hosts, p_blocked);
                EXIT WHEN v_swept IS NOT NULL;
            END LOOP;
            EXIT WHEN v_swept IS NOT NULL OR NOT p_group;
        END LOOP;
        IF v_swept IS NULL THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'slot_taken';
        END IF;

        IF v_status = 'held' AND p_holds_per_visitor IS NOT NULL THEN
            PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || '|holds|' || v_visitor, 0));
            IF (SELECT count(*) FROM booking_booking WHERE visitor = v_visitor AND status = 'held'
                    AND expires_at > clock_timestamp()) >= p_holds_per_visitor
                OR (SELECT count(*) FROM booking_booking WHERE status = 'held'
                    AND expires_at > clock_timestamp()) >= p_holds_per_tenant THEN
                RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002', DETAIL = 'too_many_holds';
            END IF;
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
        INSERT INTO booking_booking (id, uid, meeting_id, status, expires_at, attendee_name, attendee_email, time_zone,
            guests, answers, source, visitor, manage_version, failure_code, failure_words, cancel_reason, cancelled_by,
            created_at, confirmed_at)
        VALUES (v_booking, p_booking ->> 'uid', v_meeting, v_status, v_expires, p_booking ->> 'name',
            p_booking ->> 'email', p_booking ->> 'time_zone', p_booking -> 'guests', p_booking -> 'answers',
            p_booking ->> 'source', v_visitor, 0, '', '', '', '', clock_timestamp(),
            CASE v_status WHEN 'confirmed' THEN clock_timestamp() END);
    EXCEPTION WHEN SQLSTATE 'HF002' THEN
        GET STACKED DIAGNOSTICS v_refused = PG_EXCEPTION_DETAIL;
    END;
    IF v_refused IS NOT NULL THEN
        RETURN jsonb_build_object('outcome', v_refused);
    END IF;
    RETURN jsonb_build_object('outcome', 'held', 'booking', v_booking, 'meeting', v_meeting,
        'swept', v_expired || v_swept);
END
$$;

-- Undo of a cancellation: the same booking takes its old place back, through the same guard, or not at all.
CREATE FUNCTION retake_v1(p_tenant text, p_booking bigint, p_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m         booking_meeting;
    v_swept   jsonb := '[]';
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'cancelled' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_cancelled');
    END IF;
    IF m.starts_at <= clock_timestamp() THEN
        RETURN jsonb_build_object('outcome', 'past');
    END IF;
    IF m.released_at IS NOT NULL THEN
        v_swept := claim_v1(m.id, ARRAY(SELECT host_id FROM booking_meetinghost WHERE meeting_id = m.id), m.blocked);
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
