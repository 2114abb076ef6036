-- As truth_v1.sql says, but every way to meet counts as online unless it is in person or by phone: a kind that is new
-- needs its proof from the first day.
CREATE OR REPLACE FUNCTION check_meeting_v1(p_meeting bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m       booking_meeting;
    v_seats integer;
    v_lives boolean;
    v_wrong text;
BEGIN
    SELECT * INTO m FROM booking_meeting WHERE id = p_meeting;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM audit_entry
        WHERE xid = pg_current_xact_id() AND subject = 'meeting:' || m.uid
            AND created_at > now() - interval '1 hour'  -- a restored cluster may count its transactions anew
    ) THEN
        RAISE EXCEPTION 'meeting % changed without a signed entry of this transaction', m.uid
            USING ERRCODE = 'HF401', HINT = 'record the change in the ledger in the same transaction';
    END IF;

    SELECT count(*) INTO v_seats FROM (
        SELECT 1 FROM booking_booking
        WHERE meeting_id = m.id AND status IN ('held', 'pending', 'awaiting_link', 'confirmed')
        UNION ALL
        SELECT 1 FROM booking_move v JOIN booking_booking b ON b.id = v.booking_id
        WHERE v.meeting_id = m.id AND v.status = 'held' AND b.meeting_id <> m.id
    ) AS seats;
    v_lives := m.scheduled OR v_seats > 0;

    IF v_lives <> (m.released_at IS NULL) THEN
        v_wrong := 'it is released while a booking lives, or lives without one';
    ELSIF m.seats_taken <> v_seats THEN
        v_wrong := format('seats_taken is %s, live bookings %s', m.seats_taken, v_seats);
    ELSIF v_lives AND EXISTS (
        SELECT 1 FROM booking_meetinghost h
        WHERE h.meeting_id = m.id AND NOT EXISTS (
            SELECT 1 FROM booking_occupancy o
            WHERE o.meeting_id = m.id AND o.resource_id = h.host_id AND o.retired_at IS NULL
                AND o.blocked @> tstzrange(m.starts_at, m.ends_at) AND o.blocked @> m.blocked)
    ) THEN
        v_wrong := 'a host of it is not blocked for its time';
    ELSIF v_lives AND NOT EXISTS (SELECT 1 FROM booking_meetinghost WHERE meeting_id = m.id) THEN
        v_wrong := 'it has no host';
    ELSIF v_lives AND EXISTS (
        SELECT 1 FROM booking_move v JOIN booking_meetinghost h ON h.meeting_id = m.id
        WHERE v.meeting_id = m.id AND v.status = 'held' AND NOT EXISTS (
            SELECT 1 FROM booking_occupancy o
            WHERE o.meeting_id = m.id AND o.resource_id = h.host_id AND o.retired_at IS NULL
                AND o.blocked @> v.blocked)
    ) THEN
        v_wrong := 'a host of it is not blocked for the time it moves to';
    ELSIF NOT v_lives AND EXISTS (
        SELECT 1 FROM booking_occupancy WHERE meeting_id = m.id AND retired_at IS NULL
    ) THEN
        v_wrong := 'it blocks time although nobody has a place in it';
    ELSIF m.location_kind NOT IN ('in_person', 'phone')
        AND (m.link_proved_at IS NULL OR (m.link_proof ->> 'starts_at')::timestamptz IS DISTINCT FROM m.starts_at)
        AND EXISTS (SELECT 1 FROM booking_booking WHERE meeting_id = m.id AND status = 'confirmed') THEN
        v_wrong := 'a booking is confirmed although its link was never proven for this start';
    END IF;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'meeting %: %', m.uid, v_wrong USING ERRCODE = 'HF409';
    END IF;
END
$$;
