-- As occupied_v1.sql says; seconds by date_part, which gives double precision where extract gives numeric: for two hundred
-- ranges that is a quarter of the function's time. Whole seconds are exact in it, and microseconds too far from whole
-- ones to be rounded to them.
CREATE OR REPLACE FUNCTION occupied_v1(
    p_resources bigint[], p_from timestamptz, p_to timestamptz, p_leaving bigint,
    OUT next_expiry bigint, OUT resource_ids bigint[], OUT starts bigint[], OUT ends bigint[]
)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_now      timestamptz := clock_timestamp();
    v_want     tstzrange   := tstzrange(p_from, p_to);
    v_doubtful bigint[]    := ARRAY(
        SELECT meeting_id FROM booking_booking WHERE expires_at <= v_now
        UNION SELECT meeting_id FROM booking_move WHERE status = 'held');
BEGIN
    SELECT floor(extract(epoch FROM least(
        (SELECT min(expires_at) FROM booking_booking WHERE expires_at > v_now),
        (SELECT min(expires_at) FROM booking_move WHERE status = 'held' AND expires_at > v_now)))) INTO next_expiry;
    IF cardinality(v_doubtful) = 0 THEN
        SELECT array_agg(o.resource_id), array_agg(floor(date_part('epoch', lower(o.blocked)))::bigint),
            array_agg(ceil(date_part('epoch', upper(o.blocked)))::bigint)
        INTO resource_ids, starts, ends
        FROM unnest(p_resources) AS r CROSS JOIN LATERAL (
            SELECT resource_id, meeting_id, blocked FROM booking_occupancy
            WHERE resource_id = r AND blocked && v_want AND retired_at IS NULL
        ) AS o
        WHERE o.meeting_id IS DISTINCT FROM p_leaving;
        RETURN;
    END IF;
    SELECT array_agg(o.resource_id), array_agg(floor(date_part('epoch', lower(counts.blocked)))::bigint),
        array_agg(ceil(date_part('epoch', upper(counts.blocked)))::bigint)
    INTO resource_ids, starts, ends
    FROM unnest(p_resources) AS r CROSS JOIN LATERAL (
        SELECT resource_id, meeting_id, blocked FROM booking_occupancy
        WHERE resource_id = r AND blocked && v_want AND retired_at IS NULL
    ) AS o
    JOIN booking_meeting m ON m.id = o.meeting_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN m.id <> ALL (v_doubtful) THEN o.blocked
        WHEN EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.expires_at > v_now) THEN o.blocked
        WHEN NOT m.scheduled AND NOT EXISTS (
            SELECT 1 FROM booking_booking b
            WHERE b.meeting_id = m.id AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed')
                AND (b.expires_at IS NULL OR b.expires_at > v_now)) THEN 'empty'
        WHEN EXISTS (SELECT 1 FROM booking_claimed c WHERE c.meeting_id = m.id AND c.resource_id = o.resource_id)
            THEN o.blocked * m.blocked
        ELSE 'empty' END AS blocked) AS counts
    WHERE m.id IS DISTINCT FROM p_leaving AND NOT isempty(counts.blocked);
END
$$;
