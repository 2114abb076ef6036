-- A cancelled booking that is taken back keeps the words of its cancellation (cancelled_at, cancelled_by,
-- cancel_reason) until it is confirmed: if that fails, it is cancelled as it was, and can be taken back again.
-- So a booking that awaits its link and has cancelled_at is one that is taken back.

-- In place of sessions_v1.sql's.
CREATE OR REPLACE FUNCTION retake_v1(p_tenant text, p_booking bigint, p_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m         booking_meeting;
    v_swept   jsonb := '[]';
    v_meeting bigint;
    v_group   boolean;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT e.kind = 'group' INTO v_group
    FROM booking_meeting k JOIN booking_eventtype e ON e.id = k.event_type_id WHERE k.id = v_meeting;
    IF v_group THEN
        PERFORM lock_session_v1(event_type_id, starts_at) FROM booking_meeting WHERE id = v_meeting;
    END IF;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'cancelled' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_cancelled');
    END IF;
    IF m.starts_at <= clock_timestamp() THEN
        RETURN jsonb_build_object('outcome', 'past');
    END IF;
    IF m.released_at IS NOT NULL THEN
        IF v_group AND EXISTS (SELECT 1 FROM booking_meeting o WHERE o.event_type_id = m.event_type_id
                AND o.starts_at = m.starts_at AND o.released_at IS NULL) THEN
            RETURN jsonb_build_object('outcome', 'slot_taken');
        END IF;
        v_swept := claim_v1(m.id, ARRAY(SELECT resource_id FROM booking_claimed WHERE meeting_id = m.id), m.blocked);
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
        cancelled_at = coalesce(cancelled_at, clock_timestamp())
    WHERE id = p_booking;
    RETURN jsonb_build_object('outcome', 'held', 'booking', p_booking, 'meeting', m.id, 'swept', v_swept);
END
$$;

-- In place of taken_v1.sql's: what is confirmed is not cancelled any more.
CREATE OR REPLACE FUNCTION confirm_v1(p_tenant text, p_booking text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    PERFORM 1 FROM booking_booking WHERE uid = p_booking FOR NO KEY UPDATE;  -- first; then it looks at the clock
    UPDATE booking_booking SET status = 'confirmed', expires_at = NULL, confirmed_at = clock_timestamp(),
        cancelled_at = NULL, cancelled_by = '', cancel_reason = ''
    WHERE uid = p_booking AND status = 'awaiting_link' AND expires_at > clock_timestamp()
    RETURNING meeting_id INTO v_meeting;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE booking_meeting m SET sequence = sequence + 1
    FROM booking_eventtype e WHERE m.id = v_meeting AND e.id = m.event_type_id AND e.kind = 'group';
    RETURN true;
END
$$;

-- In place of reassign_v1.sql's: what was being taken back and failed is cancelled again, as it was.
CREATE OR REPLACE FUNCTION release_v1(
    p_tenant text, p_booking bigint, p_from text[], p_to text, p_code text, p_words text, p_by text
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    b         record;
    v_meeting bigint;
    v_uid     text;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT uid INTO v_uid FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    SELECT status, cancelled_at INTO b FROM booking_booking
    WHERE id = p_booking AND meeting_id = v_meeting FOR UPDATE;
    IF b.status IS NULL OR b.status <> ALL (p_from) THEN
        RETURN NULL;
    END IF;
    UPDATE booking_move SET status = 'failed', expires_at = NULL, failure_words = 'The booking ended before it was moved.'
    WHERE booking_id = p_booking AND meeting_id = v_meeting AND status = 'held';
    IF p_to = 'failed' AND b.cancelled_at IS NOT NULL THEN
        UPDATE booking_booking SET status = 'cancelled', expires_at = NULL WHERE id = p_booking;
    ELSE
        UPDATE booking_booking
        SET status = p_to, expires_at = NULL,
            cancelled_at  = CASE WHEN p_to = 'cancelled' THEN clock_timestamp() ELSE cancelled_at END,
            cancelled_by  = CASE WHEN p_to = 'cancelled' THEN p_by ELSE cancelled_by END,
            cancel_reason = CASE WHEN p_to = 'cancelled' THEN p_words ELSE cancel_reason END,
            failure_code  = CASE WHEN p_to = 'cancelled' THEN failure_code ELSE p_code END,
            failure_words = CASE WHEN p_to = 'cancelled' THEN failure_words ELSE p_words END
        WHERE id = p_booking;
    END IF;
    IF p_to = 'cancelled' THEN  -- the CANCEL of its invite outranks the last REQUEST (RFC 5546 3.2.5)
        UPDATE booking_meeting SET sequence = sequence + 1 WHERE id = v_meeting;
    END IF;
    PERFORM settle_meeting_v1(v_meeting);
    RETURN jsonb_build_object('meeting', v_uid, 'was', b.status);
END
$$;

-- In place of release_v1.sql's: what was being taken back is cancelled again, as it was.
CREATE OR REPLACE FUNCTION expire_v1(p_meeting bigint) RETURNS jsonb
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
               CASE WHEN status <> 'awaiting_link' THEN 'expired'
                    WHEN cancelled_at IS NULL THEN 'failed' ELSE 'cancelled' END AS becomes
        FROM booking_booking
        WHERE meeting_id = p_meeting AND expires_at <= clock_timestamp() ORDER BY id FOR UPDATE
    LOOP
        UPDATE booking_booking
        SET status = b.becomes, expires_at = NULL,
            failure_code = CASE b.becomes WHEN 'failed' THEN 'link_unverified' WHEN 'expired' THEN 'hold_expired'
                ELSE failure_code END
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
