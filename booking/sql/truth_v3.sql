-- As truth_v2.sql says, read in one statement: the check runs for every row of a meeting that a transaction touched.
CREATE OR REPLACE FUNCTION check_meeting_v1(p_meeting bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    it      record;
    v_wrong text;
BEGIN
    SELECT m.*,
        EXISTS (SELECT FROM audit_entry
            WHERE xid = pg_current_xact_id() AND subject = 'meeting:' || m.uid
                AND created_at > now() - interval '1 hour') AS is_signed,  -- a restored cluster may count anew
        seats.live, m.scheduled OR seats.live > 0 AS lives, seats.confirmed, hosts.there, hosts.unblocked, hosts.unmoved,
        EXISTS (SELECT FROM booking_occupancy WHERE meeting_id = m.id AND retired_at IS NULL) AS blocks
    INTO it
    FROM booking_meeting m,
        LATERAL (
            SELECT count(*) AS live, count(*) FILTER (WHERE status = 'confirmed') AS confirmed FROM (
                SELECT status FROM booking_booking
                WHERE meeting_id = m.id AND status IN ('held', 'pending', 'awaiting_link', 'confirmed')
                UNION ALL
                SELECT NULL FROM booking_move v JOIN booking_booking b ON b.id = v.booking_id
                WHERE v.meeting_id = m.id AND v.status = 'held' AND b.meeting_id <> m.id
            ) AS seat
        ) AS seats,
        LATERAL (
            SELECT count(*) AS there,
                count(*) FILTER (WHERE NOT EXISTS (
                    SELECT FROM booking_occupancy o
                    WHERE o.meeting_id = m.id AND o.resource_id = h.host_id AND o.retired_at IS NULL
                        AND o.blocked @> tstzrange(m.starts_at, m.ends_at) AND o.blocked @> m.blocked)) AS unblocked,
                count(*) FILTER (WHERE EXISTS (
                    SELECT FROM booking_move v
                    WHERE v.meeting_id = m.id AND v.status = 'held' AND NOT EXISTS (
                        SELECT FROM booking_occupancy o
                        WHERE o.meeting_id = m.id AND o.resource_id = h.host_id AND o.retired_at IS NULL
                            AND o.blocked @> v.blocked))) AS unmoved
            FROM booking_meetinghost h WHERE h.meeting_id = m.id
        ) AS hosts
    WHERE m.id = p_meeting;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF NOT it.is_signed THEN
        RAISE EXCEPTION 'meeting % changed without a signed entry of this transaction', it.uid
            USING ERRCODE = 'HF401', HINT = 'record the change in the ledger in the same transaction';
    END IF;
    v_wrong := CASE
        WHEN it.lives <> (it.released_at IS NULL) THEN 'it is released while a booking lives, or lives without one'
        WHEN it.seats_taken <> it.live THEN format('seats_taken is %s, live bookings %s', it.seats_taken, it.live)
        WHEN it.lives AND it.unblocked > 0 THEN 'a host of it is not blocked for its time'
        WHEN it.lives AND it.there = 0 THEN 'it has no host'
        WHEN it.lives AND it.unmoved > 0 THEN 'a host of it is not blocked for the time it moves to'
        WHEN NOT it.lives AND it.blocks THEN 'it blocks time although nobody has a place in it'
        WHEN it.confirmed > 0 AND it.location_kind NOT IN ('in_person', 'phone')
            AND (it.link_proved_at IS NULL OR (it.link_proof ->> 'starts_at')::timestamptz IS DISTINCT FROM it.starts_at)
            THEN 'a booking is confirmed although its link was never proven for this start'
    END;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'meeting %: %', it.uid, v_wrong USING ERRCODE = 'HF409';
    END IF;
END
$$;
