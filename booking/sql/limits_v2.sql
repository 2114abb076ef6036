-- Limits where a deadline passes in that moment. Somebody may have renewed a hold just before (submitted, accepted)
-- and not be done: his row still says that it is over. Whoever counts beside it may not take its place.

-- used_v1's count (limits_v1.sql), at an instant that the caller has settled: what has a deadline counts until then.
CREATE FUNCTION used_v2(
    p_event_type bigint, p_host bigint, p_starts timestamptz, p_ends timestamptz, p_except bigint[], p_now timestamptz,
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
            WHERE status = 'held' AND expires_at > p_now AND starts_at >= p_starts AND starts_at < p_ends)
        AND m.id <> ALL (p_except)
        AND (p_event_type IS NULL OR m.event_type_id = p_event_type)
        AND (p_host IS NULL
            OR EXISTS (SELECT 1 FROM booking_meetinghost h WHERE h.meeting_id = m.id AND h.host_id = p_host)
            OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.host_id = p_host
                AND v.status = 'held' AND v.expires_at > p_now))
        AND (m.scheduled
            OR EXISTS (SELECT 1 FROM booking_booking b WHERE b.meeting_id = m.id
                AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed', 'completed', 'no_show')
                AND (b.expires_at IS NULL OR b.expires_at > p_now))
            OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.status = 'held'
                AND v.expires_at > p_now));
END;

CREATE OR REPLACE FUNCTION used_v1(
    p_event_type bigint, p_host bigint, p_starts timestamptz, p_ends timestamptz, p_except bigint[],
    OUT meetings bigint, OUT minutes bigint
)
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    SELECT u.meetings, u.minutes
    FROM used_v2(p_event_type, p_host, p_starts, p_ends, p_except, clock_timestamp()) AS u;
END;

-- Make sure that what was over at p_now stays so until this transaction ends: whoever renews it locks first and looks at
-- the clock then. Where somebody has it already he may have been in time, so he is waited for; not for long, since he
-- may wait for what we claimed: lock_not_available then, and the guard tries again.
CREATE FUNCTION settle_v1(p_starts timestamptz, p_ends timestamptz, p_now timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET lock_timeout = '250ms'
AS $$
BEGIN
    PERFORM 1 FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
    WHERE b.expires_at <= p_now AND m.starts_at >= p_starts AND m.starts_at < p_ends
    FOR SHARE OF b;
    PERFORM 1 FROM booking_move v JOIN booking_meeting m ON m.id = v.meeting_id
    WHERE v.expires_at <= p_now
        AND (v.starts_at >= p_starts AND v.starts_at < p_ends OR m.starts_at >= p_starts AND m.starts_at < p_ends)
    FOR SHARE OF m;  -- a move is confirmed under its meeting's lock
END
$$;

-- In place of limits_v1.sql's: first the keys of all periods, then what outlived its deadline there, then the count.
CREATE OR REPLACE FUNCTION check_limits_v1(p_tenant text, p_meetings bigint[], p_hosts bigint[], p_limits jsonb)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v     record;
    u     record;
    v_now timestamptz;
BEGIN
    FOR v IN
        SELECT hashtextextended(concat_ws('|', p_tenant, 'limit', 'type ' || l.event_type, 'host ' || l.host,
            extract(epoch FROM l.starts), extract(epoch FROM l.ends)), 0) AS key
        FROM jsonb_to_recordset(p_limits) AS l (event_type bigint, host bigint, starts timestamptz, ends timestamptz)
        WHERE l.host IS NULL OR l.host = ANY (p_hosts)
        ORDER BY key
    LOOP
        PERFORM pg_advisory_xact_lock(v.key);
    END LOOP;
    v_now := clock_timestamp();
    FOR v IN
        SELECT *
        FROM jsonb_to_recordset(p_limits) AS l (event_type bigint, host bigint, starts timestamptz, ends timestamptz,
            unit text, most bigint, adds bigint)
        WHERE l.host IS NULL OR l.host = ANY (p_hosts)
    LOOP
        PERFORM settle_v1(v.starts, v.ends, v_now);
        SELECT * INTO u FROM used_v2(v.event_type, v.host, v.starts, v.ends, p_meetings, v_now);
        IF (CASE v.unit WHEN 'meetings' THEN u.meetings ELSE u.minutes END) + v.adds > v.most THEN
            RETURN coalesce(v.host, 0);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
