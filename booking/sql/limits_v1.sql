-- Limits: at most so many meetings, or minutes of them, in a period. Counted after the claims, under a lock of each
-- period, so two bookings that would both be the last one go one at a time, and the second knows.
--
-- Lock order: claims, counters by key, booking, jobs, ledger head last. A limit's key is a counter's; several are
-- taken in ascending order, and nothing that another writer waits for is taken after them.
--
-- p_limits: [{"event_type" or "host": id, "starts": instant, "ends": instant, "unit": "meetings" | "minutes",
-- "most": n, "adds": n}]. Which local dates a period has is the core's to say (booking/core/limits.py).

-- What the live meetings that start in the period amount to, without `p_except`. A meeting that moves there, or
-- to that host, counts already; one that was held and is over counts still; what outlived its deadline does not.
CREATE FUNCTION used_v1(
    p_event_type bigint, p_host bigint, p_starts timestamptz, p_ends timestamptz, p_except bigint[],
    OUT meetings bigint, OUT minutes bigint
)
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    SELECT count(*), coalesce(sum(extract(epoch FROM m.ends_at - m.starts_at))::bigint / 60, 0)
    FROM booking_meeting m
    WHERE m.id IN (
            SELECT id FROM booking_meeting WHERE starts_at >= p_starts AND starts_at < p_ends
            UNION ALL
            SELECT meeting_id FROM booking_move
            WHERE status = 'held' AND expires_at > clock_timestamp() AND starts_at >= p_starts AND starts_at < p_ends)
        AND m.id <> ALL (p_except)
        AND (p_event_type IS NULL OR m.event_type_id = p_event_type)
        AND (p_host IS NULL
            OR EXISTS (SELECT 1 FROM booking_meetinghost h WHERE h.meeting_id = m.id AND h.host_id = p_host)
            OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.host_id = p_host
                AND v.status = 'held' AND v.expires_at > clock_timestamp()))
        AND (m.scheduled
            OR EXISTS (SELECT 1 FROM booking_booking b WHERE b.meeting_id = m.id
                AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed', 'completed', 'no_show')
                AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp()))
            OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.status = 'held'
                AND v.expires_at > clock_timestamp()));
END;

-- The host whose limit the meetings would break, 0 for the event type's, NULL if all are kept. Limits of hosts
-- other than `p_hosts` are not asked. The locks are held until the transaction ends.
CREATE FUNCTION check_limits_v1(p_tenant text, p_meetings bigint[], p_hosts bigint[], p_limits jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v record;
    u record;
BEGIN
    FOR v IN
        SELECT l.*, hashtextextended(concat_ws('|', p_tenant, 'limit', 'type ' || l.event_type, 'host ' || l.host,
            extract(epoch FROM l.starts), extract(epoch FROM l.ends)), 0) AS key
        FROM jsonb_to_recordset(p_limits) AS l (event_type bigint, host bigint, starts timestamptz, ends timestamptz,
            unit text, most bigint, adds bigint)
        WHERE l.host IS NULL OR l.host = ANY (p_hosts)
        ORDER BY key
    LOOP
        PERFORM pg_advisory_xact_lock(v.key);
        SELECT * INTO u FROM used_v1(v.event_type, v.host, v.starts, v.ends, p_meetings);
        IF (CASE v.unit WHEN 'meetings' THEN u.meetings ELSE u.minutes END) + v.adds > v.most THEN
            RETURN coalesce(v.host, 0);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- hold_v1 within the limits that stand in p_meeting -> 'limits': a host who takes no more is left out, and the next
-- one is tried. A seat in a session that is there already is no new meeting, and needs no limit.
CREATE FUNCTION hold_within_v1(
    p_tenant text, p_meeting jsonb, p_blocked tstzrange, p_alternatives bigint[], p_group boolean, p_booking jsonb,
    p_holds_per_visitor integer, p_holds_per_tenant integer, p_key_hash text, p_fingerprint text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_left    bigint[] := p_alternatives;
    v_answer  jsonb;
    v_meeting bigint;
    v_reached bigint := NULL;
BEGIN
    LOOP
        BEGIN
            v_answer := hold_v1(p_tenant, p_meeting, p_blocked, v_left, p_group, p_booking, p_holds_per_visitor,
                p_holds_per_tenant, p_key_hash, p_fingerprint);
            IF v_answer ->> 'outcome' <> 'held' THEN
                IF v_reached IS NOT NULL AND v_answer ->> 'outcome' = 'slot_taken' THEN
                    RETURN jsonb_build_object('outcome', 'limit_reached');
                END IF;
                RETURN v_answer;
            END IF;
            v_meeting := (v_answer ->> 'meeting')::bigint;
            PERFORM 1 FROM booking_meeting WHERE id = v_meeting AND uid = p_meeting ->> 'uid';
            IF NOT FOUND THEN
                RETURN v_answer;  -- joined
            END IF;
            v_reached := check_limits_v1(p_tenant, ARRAY[v_meeting], ARRAY(
                SELECT host_id FROM booking_meetinghost WHERE meeting_id = v_meeting), p_meeting -> 'limits');
            IF v_reached IS NULL THEN
                RETURN v_answer;
            END IF;
            RAISE EXCEPTION 'limit' USING ERRCODE = 'HF003';  -- takes hold, sweep and locks back
        EXCEPTION WHEN SQLSTATE 'HF003' THEN
            NULL;
        END;
        v_left := without_v1(v_left, v_reached);
        IF v_left IS NULL THEN
            RETURN jsonb_build_object('outcome', 'limit_reached');
        END IF;
    END LOOP;
END
$$;

-- The other ways to a new time or host, within p_limits: what is refused is taken back whole.
CREATE FUNCTION move_within_v1(
    p_tenant text, p_booking bigint, p_starts timestamptz, p_ends timestamptz, p_blocked tstzrange, p_seconds integer,
    p_limits jsonb
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    v_answer := move_v1(p_tenant, p_booking, p_starts, p_ends, p_blocked, p_seconds);
    PERFORM keep_limits_v1(p_tenant, p_booking, v_answer, p_limits);
    RETURN v_answer;
EXCEPTION WHEN SQLSTATE 'HF003' THEN
    RETURN jsonb_build_object('outcome', 'limit_reached', 'swept', '[]'::jsonb);
END
$$;

CREATE FUNCTION move_seat_within_v1(
    p_tenant text, p_booking bigint, p_meeting jsonb, p_blocked tstzrange, p_alternatives bigint[], p_seconds integer
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_answer jsonb;
    v_opened bigint;
BEGIN
    v_answer := move_seat_v1(p_tenant, p_booking, p_meeting, p_blocked, p_alternatives, p_seconds);
    SELECT id INTO v_opened FROM booking_meeting WHERE uid = p_meeting ->> 'uid';
    IF FOUND AND check_limits_v1(p_tenant, ARRAY[v_opened], ARRAY(
        SELECT host_id FROM booking_meetinghost WHERE meeting_id = v_opened), p_meeting -> 'limits') IS NOT NULL THEN
        RAISE EXCEPTION 'limit' USING ERRCODE = 'HF003';
    END IF;
    RETURN v_answer;
EXCEPTION WHEN SQLSTATE 'HF003' THEN
    RETURN jsonb_build_object('outcome', 'limit_reached', 'swept', '[]'::jsonb);
END
$$;

CREATE FUNCTION retake_within_v1(p_tenant text, p_booking bigint, p_seconds integer, p_limits jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_answer  jsonb;
    v_stands  boolean;  -- the session to which a seat goes back is counted already
BEGIN
    SELECT m.released_at IS NULL INTO v_stands
    FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id WHERE b.id = p_booking;
    v_answer := retake_v1(p_tenant, p_booking, p_seconds);
    IF NOT v_stands THEN
        PERFORM keep_limits_v1(p_tenant, p_booking, v_answer, p_limits);
    END IF;
    RETURN v_answer;
EXCEPTION WHEN SQLSTATE 'HF003' THEN
    RETURN jsonb_build_object('outcome', 'limit_reached', 'swept', '[]'::jsonb);
END
$$;

CREATE FUNCTION reassign_within_v1(
    p_tenant text, p_booking bigint, p_from bigint, p_to bigint, p_seconds integer, p_limits jsonb
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    v_answer := reassign_v1(p_tenant, p_booking, p_from, p_to, p_seconds);
    IF v_answer ->> 'outcome' = 'held' AND check_limits_v1(p_tenant, ARRAY(
        SELECT meeting_id FROM booking_booking WHERE id = p_booking), ARRAY[p_to], p_limits) IS NOT NULL THEN
        RAISE EXCEPTION 'limit' USING ERRCODE = 'HF003';
    END IF;
    RETURN v_answer;
EXCEPTION WHEN SQLSTATE 'HF003' THEN
    RETURN jsonb_build_object('outcome', 'limit_reached', 'swept', '[]'::jsonb);
END
$$;

-- Refuse (HF003) what a booking's meeting was just given, if that is more than the limits of its type and hosts.
CREATE FUNCTION keep_limits_v1(p_tenant text, p_booking bigint, p_answer jsonb, p_limits jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_meeting bigint;
BEGIN
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    IF p_answer ->> 'outcome' = 'held' AND check_limits_v1(p_tenant, ARRAY[v_meeting], ARRAY(
        SELECT host_id FROM booking_meetinghost WHERE meeting_id = v_meeting), p_limits) IS NOT NULL THEN
        RAISE EXCEPTION 'limit' USING ERRCODE = 'HF003';
    END IF;
END
$$;

-- hold_series_v1 within the limits that stand in p_meeting -> 'limits', each with what all dates together add to it.
CREATE FUNCTION hold_series_within_v1(
    p_tenant text, p_series jsonb, p_meeting jsonb, p_dates jsonb, p_alternatives bigint[], p_booking jsonb,
    p_key_hash text, p_fingerprint text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_left     bigint[] := p_alternatives;
    v_answer   jsonb;
    v_meetings bigint[];
    v_reached  bigint;
BEGIN
    LOOP
        BEGIN
            v_answer := hold_series_v1(p_tenant, p_series, p_meeting, p_dates, v_left, p_booking, p_key_hash,
                p_fingerprint);
            IF v_answer ->> 'outcome' <> 'held' THEN
                RETURN v_answer;
            END IF;
            v_meetings := ARRAY(SELECT meeting_id FROM booking_booking
                WHERE series_id = (v_answer ->> 'series')::bigint);
            v_reached := check_limits_v1(p_tenant, v_meetings, ARRAY(
                SELECT DISTINCT host_id FROM booking_meetinghost WHERE meeting_id = ANY (v_meetings)),
                p_meeting -> 'limits');
            IF v_reached IS NULL THEN
                RETURN v_answer;
            END IF;
            RAISE EXCEPTION 'limit' USING ERRCODE = 'HF003';
        EXCEPTION WHEN SQLSTATE 'HF003' THEN
            NULL;
        END;
        v_left := without_v1(v_left, v_reached);
        IF v_left IS NULL THEN
            RETURN jsonb_build_object('outcome', 'limit_reached');
        END IF;
    END LOOP;
END
$$;

-- The alternatives in which that host has no part; NULL if none are left, or it was the event type's limit (0).
CREATE FUNCTION without_v1(p_alternatives bigint[], p_host bigint) RETURNS bigint[]
    LANGUAGE sql
BEGIN ATOMIC
    SELECT array_agg(choice ORDER BY n)
    FROM generate_series(1, array_length(p_alternatives, 1)) AS n,
         LATERAL (SELECT ARRAY(SELECT unnest(p_alternatives[n:n])) AS choice) AS c
    WHERE p_host <> 0 AND p_host <> ALL (choice);
END;
