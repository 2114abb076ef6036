-- In place of reassign_v1.sql's: a link in the former host's own account ends with them, so the one that was made and
-- proven in the new host's, kept with the move until now, is the meeting's from here on; without one the link stays.
-- False: too late.
CREATE OR REPLACE FUNCTION confirm_reassign_v1(p_tenant text, p_move bigint) RETURNS boolean
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
    IF v.link_proved_at IS NOT NULL THEN
        UPDATE booking_meeting
        SET join_url = v.join_url, link_key = v.link_key, link_proved_at = v.link_proved_at, link_proof = v.link_proof
        WHERE id = v.meeting_id;
    END IF;
    PERFORM settle_meeting_v1(v.meeting_id);
    RETURN true;
END
$$;
