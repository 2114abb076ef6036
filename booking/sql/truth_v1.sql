-- What must be true of a meeting when a transaction commits. Deferred: checked once everything is written.
--   1. a signed entry of this very transaction stands beside the change
--   2. it lives (released_at null) if and only if it is scheduled or has a live booking or an incoming move
--   3. seats_taken is the number of those bookings and moves
--   4. it blocks time if and only if it lives: every host of it, for its whole time, and for a move's new time
--   5. a confirmed booking of an online meeting has a link that was proven for this very start
CREATE FUNCTION check_meeting_v1(p_meeting bigint) RETURNS void
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
    ELSIF m.location_kind IN ('built_in_room', 'fixed_link')
        AND (m.link_proved_at IS NULL OR (m.link_proof ->> 'starts_at')::timestamptz IS DISTINCT FROM m.starts_at)
        AND EXISTS (SELECT 1 FROM booking_booking WHERE meeting_id = m.id AND status = 'confirmed') THEN
        v_wrong := 'a booking is confirmed although its link was never proven for this start';
    END IF;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'meeting %: %', m.uid, v_wrong USING ERRCODE = 'HF409';
    END IF;
END
$$;

CREATE FUNCTION booking_truth() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_TABLE_NAME = 'booking_meeting' THEN
        PERFORM check_meeting_v1(NEW.id);
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM check_meeting_v1(OLD.meeting_id);
    ELSE
        PERFORM check_meeting_v1(NEW.meeting_id);
        IF TG_OP = 'UPDATE' AND OLD.meeting_id <> NEW.meeting_id THEN
            PERFORM check_meeting_v1(OLD.meeting_id);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER booking_meeting_truth AFTER INSERT OR UPDATE ON booking_meeting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();
CREATE CONSTRAINT TRIGGER booking_booking_truth AFTER INSERT OR UPDATE OR DELETE ON booking_booking
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();
CREATE CONSTRAINT TRIGGER booking_occupancy_truth AFTER INSERT OR UPDATE OR DELETE ON booking_occupancy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();
CREATE CONSTRAINT TRIGGER booking_meetinghost_truth AFTER INSERT OR UPDATE OR DELETE ON booking_meetinghost
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();
CREATE CONSTRAINT TRIGGER booking_move_truth AFTER INSERT OR UPDATE OR DELETE ON booking_move
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();

-- Meetings stay as history; TRUNCATE would pass every row trigger by.
CREATE FUNCTION booking_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: bookings are kept as history', TG_OP, TG_TABLE_NAME USING ERRCODE = 'HF409';
END
$$;
CREATE TRIGGER booking_meeting_is_kept BEFORE DELETE ON booking_meeting FOR EACH ROW EXECUTE FUNCTION booking_is_kept();
CREATE TRIGGER booking_meeting_no_truncate BEFORE TRUNCATE ON booking_meeting FOR EACH STATEMENT EXECUTE FUNCTION booking_is_kept();
CREATE TRIGGER booking_booking_no_truncate BEFORE TRUNCATE ON booking_booking FOR EACH STATEMENT EXECUTE FUNCTION booking_is_kept();
CREATE TRIGGER booking_occupancy_no_truncate BEFORE TRUNCATE ON booking_occupancy FOR EACH STATEMENT EXECUTE FUNCTION booking_is_kept();
CREATE TRIGGER booking_move_no_truncate BEFORE TRUNCATE ON booking_move FOR EACH STATEMENT EXECUTE FUNCTION booking_is_kept();
