-- Rooms and equipment are claimed beside hosts, in the same statement, under the same constraint: one id space.
-- What a meeting claims is its hosts and its resources; everything that blocks or gives back reads this view.
CREATE VIEW booking_claimed AS
    SELECT meeting_id, host_id AS resource_id FROM booking_meetinghost
    UNION ALL
    SELECT meeting_id, resource_id FROM booking_meetingresource;

-- The functions that take a place write all that they claimed as the meeting's hosts; what is no host goes
-- where rooms and equipment stand. So no function has to know two lists, and none can forget one of them.
CREATE FUNCTION booking_meetinghost_sorts() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM booking_host WHERE resource_id = NEW.host_id) THEN
        RETURN NEW;
    END IF;
    INSERT INTO booking_meetingresource (meeting_id, resource_id) VALUES (NEW.meeting_id, NEW.host_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER booking_meetinghost_sorts BEFORE INSERT ON booking_meetinghost
    FOR EACH ROW EXECUTE FUNCTION booking_meetinghost_sorts();

-- In place of reassign_v1.sql's: a row of whatever is not (or no longer) claimed by the meeting goes too.
CREATE OR REPLACE FUNCTION reblock_v1(p_meeting bigint, p_ranges tstzrange[]) RETURNS void
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    UPDATE booking_occupancy o SET retired_at = clock_timestamp()
    WHERE o.meeting_id = p_meeting AND o.retired_at IS NULL AND (o.blocked <> ALL (p_ranges) OR NOT EXISTS (
        SELECT 1 FROM booking_claimed c WHERE c.meeting_id = p_meeting AND c.resource_id = o.resource_id));
    INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
    SELECT c.resource_id, p_meeting, r
    FROM booking_claimed c CROSS JOIN unnest(p_ranges) AS r
    WHERE c.meeting_id = p_meeting AND NOT EXISTS (
        SELECT 1 FROM booking_occupancy o
        WHERE o.meeting_id = p_meeting AND o.resource_id = c.resource_id AND o.retired_at IS NULL AND o.blocked = r)
    ORDER BY c.resource_id, lower(r);
END;

-- In place of move_v1.sql's: a meeting moves with its hosts and its rooms; moves of one resource go one at a time.
CREATE OR REPLACE FUNCTION move_v1(
    p_tenant text, p_booking bigint, p_starts timestamptz, p_ends timestamptz, p_blocked tstzrange, p_seconds integer
) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m       booking_meeting;
    v_claim bigint[];
    v_swept jsonb := '[]';
    v_expired jsonb := '[]';  -- an earlier move of this booking; given back and signed whatever comes of this one
    v_rows  integer;
    v_move  bigint;
    v_want  tstzrange;
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    v_claim := ARRAY(SELECT resource_id FROM booking_claimed WHERE meeting_id = v_meeting ORDER BY resource_id);
    -- Two moves of one resource that swap places would wait for each other: they go one at a time.
    PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || '|move|' || r, 0)) FROM unnest(v_claim) AS r;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'confirmed' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_confirmed');
    END IF;
    v_expired := expire_v1(m.id);
    IF EXISTS (SELECT 1 FROM booking_move WHERE booking_id = p_booking AND status = 'held') THEN
        RETURN jsonb_build_object('outcome', 'moving', 'swept', v_expired);
    END IF;
    BEGIN
        v_swept := sweep_v1(v_claim, p_blocked);
        v_want := p_blocked;
        IF m.blocked && p_blocked OR m.blocked -|- p_blocked THEN
            v_want := range_merge(m.blocked, p_blocked);
            UPDATE booking_occupancy SET retired_at = clock_timestamp() WHERE meeting_id = m.id AND retired_at IS NULL;
        END IF;
        INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
        SELECT r, m.id, v_want FROM unnest(v_claim) AS r ORDER BY r
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows < cardinality(v_claim) THEN
            RAISE EXCEPTION 'taken' USING ERRCODE = 'HF001';
        END IF;
    EXCEPTION WHEN SQLSTATE 'HF001' THEN
        RETURN jsonb_build_object('outcome', 'slot_taken', 'swept', v_expired);
    END;
    INSERT INTO booking_move (booking_id, meeting_id, status, from_starts_at, from_ends_at, from_blocked,
        starts_at, ends_at, blocked, expires_at, join_url, link_key, failure_code, failure_words, created_at)
    VALUES (p_booking, m.id, 'held', m.starts_at, m.ends_at, m.blocked, p_starts, p_ends, p_blocked,
        clock_timestamp() + make_interval(secs => p_seconds), '', '', '', '', clock_timestamp())
    RETURNING id INTO v_move;
    RETURN jsonb_build_object('outcome', 'held', 'move', v_move, 'swept', v_expired || v_swept);
END
$$;

-- In place of hold_v1.sql's: the booking takes its rooms back with its hosts.
CREATE OR REPLACE FUNCTION retake_v1(p_tenant text, p_booking bigint, p_seconds integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m         booking_meeting;
    v_swept   jsonb := '[]';
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT meeting_id INTO v_meeting FROM booking_booking WHERE id = p_booking;
    SELECT * INTO m FROM booking_meeting WHERE id = v_meeting FOR UPDATE;
    PERFORM 1 FROM booking_booking WHERE id = p_booking AND status = 'cancelled' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('outcome', 'not_cancelled');
    END IF;
    IF m.starts_at <= clock_timestamp() THEN
        RETURN jsonb_build_object('outcome', 'past');
    END IF;
    IF m.released_at IS NOT NULL THEN
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
        cancelled_at = NULL, cancelled_by = '', cancel_reason = ''
    WHERE id = p_booking;
    RETURN jsonb_build_object('outcome', 'held', 'booking', p_booking, 'meeting', m.id, 'swept', v_swept);
END
$$;

-- What truth_v1 does not know: a meeting that lives blocks its rooms and equipment too, for its time and for
-- the one it moves to. A row of occupancy can only be retired or deleted, so inserting one needs no look.
CREATE FUNCTION booking_resource_truth() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_meeting bigint;
BEGIN
    IF TG_TABLE_NAME = 'booking_meeting' THEN
        v_meeting := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        v_meeting := OLD.meeting_id;
    ELSE
        v_meeting := NEW.meeting_id;
    END IF;
    IF EXISTS (
        SELECT 1 FROM booking_meeting m JOIN booking_meetingresource r ON r.meeting_id = m.id
        CROSS JOIN LATERAL (
            SELECT m.blocked AS wanted
            UNION ALL
            SELECT v.blocked FROM booking_move v WHERE v.meeting_id = m.id AND v.status = 'held'
        ) AS times
        WHERE m.id = v_meeting AND m.released_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM booking_occupancy o
            WHERE o.meeting_id = m.id AND o.resource_id = r.resource_id AND o.retired_at IS NULL
                AND o.blocked @> times.wanted)
    ) THEN
        RAISE EXCEPTION 'meeting %: a room or a piece of equipment of it is not blocked', v_meeting
            USING ERRCODE = 'HF409';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER booking_meetingresource_truth AFTER INSERT OR UPDATE OR DELETE ON booking_meetingresource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_truth();
CREATE CONSTRAINT TRIGGER booking_meetingresource_blocked AFTER INSERT OR UPDATE ON booking_meetingresource
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_resource_truth();
CREATE CONSTRAINT TRIGGER booking_occupancy_resource_truth AFTER UPDATE OR DELETE ON booking_occupancy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_resource_truth();
CREATE CONSTRAINT TRIGGER booking_move_resource_truth AFTER INSERT OR UPDATE ON booking_move
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_resource_truth();
CREATE CONSTRAINT TRIGGER booking_meeting_resource_truth AFTER UPDATE ON booking_meeting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.blocked <> NEW.blocked OR OLD.released_at IS DISTINCT FROM NEW.released_at)
    EXECUTE FUNCTION booking_resource_truth();
