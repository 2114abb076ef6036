-- A meeting goes to another host at the same time. The new host is blocked beside the old one until the new
-- one is confirmed; a held move that names a host is such a reassignment.

-- Block the new host for the meeting's time, through the same claim as everything else.
CREATE FUNCTION reassign_v1(p_tenant text, p_booking bigint, p_from bigint, p_to bigint, p_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m         booking_meeting;
    v_meeting bigint;
    v_expired jsonb;  -- an earlier move of this meeting; given back and signed whatever comes of this one
    v_swept   jsonb;
    v_move    bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND meeting_id = m.id AND status = 'confirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_confirmed', 'swept', '[]'::jsonb);
    END IF;
    v_expired := expire_v1(m.id);
    IF EXISTS (SELECT 1 FROM booking_move WHERE status = 'held'
               AND (booking_id = p_booking OR meeting_id = m.id AND host_id IS NOT NULL)) THEN
        RETURN jsonb_build_object('outcome', 'moving', 'swept', v_expired);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM booking_meetinghost WHERE meeting_id = m.id AND host_id = p_from)
        OR EXISTS (SELECT 1 FROM booking_meetinghost WHERE meeting_id = m.id AND host_id = p_to) THEN
        RETURN jsonb_build_object('outcome', 'reassigned', 'swept', v_expired);
    END IF;
    v_swept := claim_v1(m.id, ARRAY[p_to], m.blocked);
    IF v_swept IS NULL THEN
        RETURN jsonb_build_object('outcome', 'slot_taken', 'swept', v_expired);
    END IF;
    INSERT INTO booking_move (booking_id, meeting_id, from_host_id, host_id, status, from_starts_at, from_ends_at,
        from_blocked, starts_at, ends_at, blocked, expires_at, join_url, link_key, failure_code, failure_words, created_at)
    VALUES (p_booking, m.id, p_from, p_to, 'held', m.starts_at, m.ends_at, m.blocked, m.starts_at, m.ends_at, m.blocked,
        clock_timestamp() + make_interval(secs => p_seconds), '', '', '', '', clock_timestamp())
    RETURNING id INTO v_move;
    RETURN jsonb_build_object('outcome', 'held', 'move', v_move, 'swept', v_expired || v_swept);
END
$$;

-- The meeting is the new host's, the old one is free; time, link and the attendees' manage links stay.
-- False: too late.
CREATE FUNCTION confirm_reassign_v1(p_tenant text, p_move bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v booking_move;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT * INTO v FROM booking_move WHERE id = p_move;
    PERFORM 1 FROM booking_meeting WHERE id = v.meeting_id FOR UPDATE;
    UPDATE booking_move SET status = 'confirmed', expires_at = NULL
    WHERE id = p_move AND status = 'held' AND expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE booking_meetinghost SET host_id = v.host_id WHERE meeting_id = v.meeting_id AND host_id = v.from_host_id;
    UPDATE booking_meeting SET sequence = sequence + 1 WHERE id = v.meeting_id;
    PERFORM settle_meeting_v1(v.meeting_id);
    RETURN true;
END
$$;

-- In place of release_v1.sql's: a row of somebody who is not (or no longer) a host of the meeting goes too.
CREATE OR REPLACE FUNCTION reblock_v1(p_meeting bigint, p_ranges tstzrange[]) RETURNS void
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    UPDATE booking_occupancy o SET retired_at = clock_timestamp()
    WHERE o.meeting_id = p_meeting AND o.retired_at IS NULL AND (o.blocked <> ALL (p_ranges) OR NOT EXISTS (
        SELECT 1 FROM booking_meetinghost h WHERE h.meeting_id = p_meeting AND h.host_id = o.resource_id));
    INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
    SELECT h.host_id, p_meeting, r
    FROM booking_meetinghost h CROSS JOIN unnest(p_ranges) AS r
    WHERE h.meeting_id = p_meeting AND NOT EXISTS (
        SELECT 1 FROM booking_occupancy o
        WHERE o.meeting_id = p_meeting AND o.resource_id = h.host_id AND o.retired_at IS NULL AND o.blocked = r)
    ORDER BY h.host_id, lower(r);
END;

-- In place of release_v1.sql's: a seat that moves to another session is left to its run, which finds the
-- booking gone, gives the seat back and signs it there; so one call never needs two meetings' locks.
CREATE OR REPLACE FUNCTION release_v1(
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
    SELECT status INTO v_was FROM booking_booking WHERE id = p_booking AND meeting_id = v_meeting FOR UPDATE;
    IF v_was IS NULL OR v_was <> ALL (p_from) THEN
        RETURN NULL;
    END IF;
    UPDATE booking_move SET status = 'failed', expires_at = NULL, failure_words = 'The booking ended before it was moved.'
    WHERE booking_id = p_booking AND meeting_id = v_meeting AND status = 'held';
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

-- What truth_v1 does not know: while a meeting goes to another host, that host is blocked for its time.
CREATE FUNCTION booking_reassign_truth() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM booking_move v
        WHERE v.meeting_id = NEW.meeting_id AND v.status = 'held' AND v.host_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM booking_occupancy o
            WHERE o.meeting_id = v.meeting_id AND o.resource_id = v.host_id AND o.retired_at IS NULL
                AND o.blocked @> v.blocked)
    ) THEN
        RAISE EXCEPTION 'meeting %: the host that it goes to is not blocked', NEW.meeting_id USING ERRCODE = 'HF409';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER booking_move_reassign_truth AFTER INSERT OR UPDATE ON booking_move
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_reassign_truth();
CREATE CONSTRAINT TRIGGER booking_occupancy_reassign_truth AFTER UPDATE ON booking_occupancy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_reassign_truth();
