-- A recurring series: every date or none, in one call. A date that is taken refuses the whole, with the list of
-- which are taken, so that nothing is dropped in silence; whoever asks agrees to others and asks again.
-- Lock order: all claims of all dates in one statement, ascending (resource id, lower(blocked)). Two series of one
-- host whose dates were named in opposite order then wait for each other, and never deadlock.

-- Expire what stands in the way of any of the ranges, in the claim's own order.
CREATE FUNCTION sweep_ranges_v1(p_resources bigint[], p_ranges tstzrange[]) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_changed jsonb := '[]';
    v_meeting bigint;
BEGIN
    FOR v_meeting IN
        SELECT o.meeting_id
        FROM unnest(p_resources) AS r CROSS JOIN unnest(p_ranges) AS wanted
        JOIN LATERAL (
            SELECT meeting_id, resource_id, blocked FROM booking_occupancy
            WHERE resource_id = r AND blocked && wanted AND retired_at IS NULL
        ) AS o ON true
        WHERE EXISTS (SELECT 1 FROM booking_booking b
                      WHERE b.meeting_id = o.meeting_id AND b.expires_at <= clock_timestamp())
           OR EXISTS (SELECT 1 FROM booking_move v
                      WHERE v.meeting_id = o.meeting_id AND v.expires_at <= clock_timestamp())
        GROUP BY o.meeting_id
        ORDER BY min(o.resource_id), min(lower(o.blocked))
    LOOP
        v_changed := v_changed || expire_v1(v_meeting);
    END LOOP;
    RETURN v_changed;
END
$$;

-- Claim the resources at every range, one meeting a range. `taken`: which ranges (from 1) somebody else has, and
-- then nothing is claimed and `swept` is null.
CREATE FUNCTION claim_series_v1(
    p_meetings bigint[], p_resources bigint[], p_ranges tstzrange[], OUT swept jsonb, OUT taken integer[]
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_detail text;
BEGIN
    swept := sweep_ranges_v1(p_resources, p_ranges);
    WITH claimed AS (
        INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
        SELECT r, d.meeting, d.blocked
        FROM unnest(p_resources) AS r CROSS JOIN unnest(p_meetings, p_ranges) AS d (meeting, blocked)
        ORDER BY r, lower(d.blocked)
        ON CONFLICT DO NOTHING
        RETURNING meeting_id
    )
    SELECT array_agg(d.n ORDER BY d.n) INTO taken
    FROM unnest(p_meetings) WITH ORDINALITY AS d (meeting, n)
    WHERE (SELECT count(*) FROM claimed c WHERE c.meeting_id = d.meeting) < cardinality(p_resources);
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'taken' USING ERRCODE = 'HF001', DETAIL = taken::text;  -- takes sweep and claims back
    END IF;
EXCEPTION WHEN SQLSTATE 'HF001' THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    swept := NULL;
    taken := v_detail::integer[];
END
$$;

-- Take every date for one attendee. p_dates is in the order in which they were asked for.
CREATE FUNCTION hold_series_v1(
    p_tenant text,
    p_series jsonb,           -- uid
    p_meeting jsonb,          -- event_type, capacity, location_kind, location_detail
    p_dates jsonb,            -- [{meeting, booking, starts_at, ends_at, blocked_from, blocked_to}]: uids and instants
    p_alternatives bigint[],  -- sets of resources, each enough on its own for every date, best first
    p_booking jsonb,          -- as hold_v1's, without a uid
    p_key_hash text,
    p_fingerprint text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_event_type bigint      := (p_meeting ->> 'event_type')::bigint;
    v_expires    timestamptz := clock_timestamp() + make_interval(secs => (p_booking ->> 'seconds')::double precision);
    v_ranges     tstzrange[] := ARRAY(
        SELECT tstzrange((d ->> 'blocked_from')::timestamptz, (d ->> 'blocked_to')::timestamptz)
        FROM jsonb_array_elements(p_dates) WITH ORDINALITY AS dates (d, n) ORDER BY n);
    v_meetings   bigint[]    := ARRAY(
        SELECT nextval(pg_get_serial_sequence('booking_meeting', 'id')) FROM generate_series(1, jsonb_array_length(p_dates)));
    v_bookings   bigint[]    := ARRAY(
        SELECT nextval(pg_get_serial_sequence('booking_booking', 'id')) FROM generate_series(1, jsonb_array_length(p_dates)));
    v_series     bigint      := nextval(pg_get_serial_sequence('booking_series', 'id'));
    v_fewest     integer[]   := NULL;
    v_claim      record;
    v_chosen     bigint[]    := NULL;
    v_known      record;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    BEGIN
        IF p_key_hash IS NOT NULL THEN
            INSERT INTO booking_idempotencykey (key_hash, fingerprint, booking_id, created_at)
            VALUES (p_key_hash, p_fingerprint, v_bookings[1], clock_timestamp()) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT * INTO v_known FROM booking_idempotencykey WHERE key_hash = p_key_hash;
                IF v_known.fingerprint <> p_fingerprint THEN
                    RETURN jsonb_build_object('outcome', 'idempotency_mismatch');
                END IF;
                RETURN jsonb_build_object('outcome', 'replayed', 'booking', v_known.booking_id);
            END IF;
        END IF;
        FOR v_choice IN 1..array_length(p_alternatives, 1) LOOP
            v_chosen := ARRAY(SELECT unnest(p_alternatives[v_choice:v_choice]));
            SELECT * INTO v_claim FROM claim_series_v1(v_meetings, v_chosen, v_ranges);
            EXIT WHEN v_claim.swept IS NOT NULL;
            IF v_fewest IS NULL OR cardinality(v_claim.taken) < cardinality(v_fewest) THEN
                v_fewest := v_claim.taken;
            END IF;
        END LOOP;
        IF v_claim.swept IS NULL THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = 'HF002';  -- takes the idempotency key back
        END IF;
        INSERT INTO booking_series (id, uid, event_type_id, created_at)
        VALUES (v_series, p_series ->> 'uid', v_event_type, clock_timestamp());
        INSERT INTO booking_meeting (id, uid, event_type_id, starts_at, ends_at, blocked, capacity, seats_taken,
            scheduled, location_kind, location_detail, join_url, link_key, sequence, created_at)
        SELECT v_meetings[n], d ->> 'meeting', v_event_type, (d ->> 'starts_at')::timestamptz,
            (d ->> 'ends_at')::timestamptz, v_ranges[n], (p_meeting ->> 'capacity')::integer, 1, false,
            p_meeting ->> 'location_kind', p_meeting ->> 'location_detail', '', '', 0, clock_timestamp()
        FROM jsonb_array_elements(p_dates) WITH ORDINALITY AS dates (d, n);
        INSERT INTO booking_meetinghost (meeting_id, host_id, position)
        SELECT m, r, n - 1 FROM unnest(v_meetings) AS m CROSS JOIN unnest(v_chosen) WITH ORDINALITY AS hosts (r, n);
        INSERT INTO booking_booking (id, uid, meeting_id, series_id, status, expires_at, attendee_name, attendee_email,
            time_zone, guests, answers, source, visitor, manage_version, failure_code, failure_words, cancel_reason,
            cancelled_by, created_at)
        SELECT v_bookings[n], d ->> 'booking', v_meetings[n], v_series, p_booking ->> 'status', v_expires,
            p_booking ->> 'name', p_booking ->> 'email', p_booking ->> 'time_zone', p_booking -> 'guests',
            p_booking -> 'answers', p_booking ->> 'source', p_booking ->> 'visitor', 0, '', '', '', '', clock_timestamp()
        FROM jsonb_array_elements(p_dates) WITH ORDINALITY AS dates (d, n);
    EXCEPTION WHEN SQLSTATE 'HF002' THEN
        RETURN jsonb_build_object('outcome', 'slot_taken', 'taken', to_jsonb(v_fewest));
    END;
    RETURN jsonb_build_object('outcome', 'held', 'series', v_series, 'bookings', to_jsonb(v_bookings),
        'swept', v_claim.swept);
END
$$;
