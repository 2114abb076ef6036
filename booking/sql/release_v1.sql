-- Giving time back. Everything that ends a booking or a move passes through here, under its meeting's lock.

-- Make the meeting's live rows of its hosts exactly `p_ranges` (sorted, disjoint): retire what is not
-- wanted, insert what is missing. An empty array retires all.
CREATE FUNCTION reblock_v1(p_meeting bigint, p_ranges tstzrange[]) RETURNS void
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    UPDATE booking_occupancy SET retired_at = clock_timestamp()
    WHERE meeting_id = p_meeting AND retired_at IS NULL AND blocked <> ALL (p_ranges);
    INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
    SELECT h.host_id, p_meeting, r
    FROM booking_meetinghost h CROSS JOIN unnest(p_ranges) AS r
    WHERE h.meeting_id = p_meeting AND NOT EXISTS (
        SELECT 1 FROM booking_occupancy o
        WHERE o.meeting_id = p_meeting AND o.resource_id = h.host_id AND o.retired_at IS NULL AND o.blocked = r)
    ORDER BY h.host_id, lower(r);
END;

-- Count the seats again; a meeting without any (and not scheduled) is released and blocks nothing.
CREATE FUNCTION settle_meeting_v1(p_meeting bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_seats integer;
    v_moves boolean;
    m       booking_meeting;
BEGIN
    SELECT * INTO m FROM booking_meeting WHERE id = p_meeting;
    SELECT count(*) INTO v_seats FROM (
        SELECT 1 FROM booking_booking
        WHERE meeting_id = m.id AND status IN ('held', 'pending', 'awaiting_link', 'confirmed')
        UNION ALL
        SELECT 1 FROM booking_move v JOIN booking_booking b ON b.id = v.booking_id
        WHERE v.meeting_id = m.id AND v.status = 'held' AND b.meeting_id <> m.id
    ) AS seats;
    SELECT EXISTS (
        SELECT 1 FROM booking_move v JOIN booking_booking b ON b.id = v.booking_id
        WHERE v.meeting_id = m.id AND v.status = 'held' AND b.meeting_id = m.id
    ) INTO v_moves;
    IF v_seats = 0 AND NOT m.scheduled THEN
        PERFORM reblock_v1(m.id, '{}');
    ELSIF NOT v_moves THEN
        PERFORM reblock_v1(m.id, ARRAY[m.blocked]);
    END IF;
    UPDATE booking_meeting
    SET seats_taken = v_seats,
        released_at = CASE WHEN v_seats = 0 AND NOT scheduled THEN coalesce(released_at, clock_timestamp()) END
    WHERE id = m.id;
END
$$;

-- End one booking: p_from are the statuses it may leave. NULL when it was in none of them (somebody else
-- was first); else the meeting's uid and the status it left. Also ends a move of it that is under way.
CREATE FUNCTION release_v1(
    p_tenant text, p_booking bigint, p_from text[], p_to text, p_code text, p_words text, p_by text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_was     text;
    v_meeting bigint;
    v_uid     text;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT uid INTO v_uid FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    SELECT status INTO v_was FROM booking_booking WHERE id = p_booking FOR UPDATE;
    IF v_was IS NULL OR v_was <> ALL (p_from) THEN
        RETURN NULL;
    END IF;
    UPDATE booking_move SET status = 'failed', expires_at = NULL, failure_code = 'cancelled'
    WHERE booking_id = p_booking AND status = 'held';
    UPDATE booking_booking
    SET status = p_to, expires_at = NULL,
        cancelled_at  = CASE WHEN p_to = 'cancelled' THEN clock_timestamp() ELSE cancelled_at END,
        cancelled_by  = CASE WHEN p_to = 'cancelled' THEN p_by ELSE cancelled_by END,
        cancel_reason = CASE WHEN p_to = 'cancelled' THEN p_words ELSE cancel_reason END,
        failure_code  = CASE WHEN p_to = 'cancelled' THEN failure_code ELSE p_code END,
        failure_words = CASE WHEN p_to = 'cancelled' THEN failure_words ELSE p_words END
    WHERE id = p_booking;
    IF p_to = 'cancelled' THEN  -- the CANCEL of its invite outranks the last REQUEST (RFC 5546 3.2.5)
        UPDATE booking_meeting SET sequence = sequence + 1 WHERE id = v_meeting;
    END IF;
    PERFORM settle_meeting_v1(v_meeting);
    RETURN jsonb_build_object('meeting', v_uid, 'was', v_was);
END
$$;

-- Give back what has outlived its deadline in one meeting, by the database's clock: held and pending become
-- expired, awaiting_link becomes failed, a move expires and the old time stands. Returns what it changed, so
-- that the caller can sign it: [{"meeting", "booking", "was", "becomes"}].
CREATE FUNCTION expire_v1(p_meeting bigint) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_uid     text;
    v_changed jsonb := '[]';
    b         record;
BEGIN
    SELECT uid INTO v_uid FROM booking_meeting WHERE id = p_meeting AND released_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN v_changed;
    END IF;
    FOR b IN
        SELECT id, uid, status,
               CASE status WHEN 'awaiting_link' THEN 'failed' ELSE 'expired' END AS becomes
        FROM booking_booking
        WHERE meeting_id = p_meeting AND expires_at <= clock_timestamp() ORDER BY id FOR UPDATE
    LOOP
        UPDATE booking_booking
        SET status = b.becomes, expires_at = NULL,
            failure_code = CASE b.becomes WHEN 'failed' THEN 'link_unverified' ELSE 'hold_expired' END
        WHERE id = b.id;
        v_changed := v_changed || jsonb_build_object(
            'meeting', v_uid, 'booking', b.uid, 'was', b.status, 'becomes', b.becomes);
    END LOOP;
    FOR b IN
        SELECT v.id, k.uid, k.meeting_id AS leaves
        FROM booking_move v JOIN booking_booking k ON k.id = v.booking_id
        WHERE v.meeting_id = p_meeting AND v.status = 'held' AND v.expires_at <= clock_timestamp()
        ORDER BY v.id FOR UPDATE OF v
    LOOP
        UPDATE booking_move SET status = 'expired', expires_at = NULL, failure_code = 'link_unverified' WHERE id = b.id;
        v_changed := v_changed || jsonb_build_object(
            'meeting', v_uid, 'booking', b.uid, 'was', 'moving', 'becomes', 'confirmed');
    END LOOP;
    IF v_changed <> '[]' THEN
        PERFORM settle_meeting_v1(p_meeting);
    END IF;
    RETURN v_changed;
END
$$;

-- Expire what stands in the way of `p_blocked` on these resources, in the claim's own order.
CREATE FUNCTION sweep_v1(p_resources bigint[], p_blocked tstzrange) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_changed jsonb := '[]';
    v_meeting bigint;
BEGIN
    FOR v_meeting IN
        SELECT o.meeting_id
        FROM unnest(p_resources) AS r
        JOIN LATERAL (
            SELECT meeting_id, resource_id, blocked FROM booking_occupancy
            WHERE resource_id = r AND blocked && p_blocked AND retired_at IS NULL
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
