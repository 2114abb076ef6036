-- What the caller would otherwise read next, in the same round trip as the write.

-- The answer of a guard function that took a place, and beside it what it took: `row` (the booking),
-- `meeting_row`, `hosts` (in their order). Any other answer as it is.
CREATE FUNCTION taken_v1(p_answer jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_rows jsonb;
BEGIN
    IF p_answer ->> 'outcome' <> 'held' THEN
        RETURN p_answer;
    END IF;
    SELECT jsonb_build_object('row', to_jsonb(b), 'meeting_row', to_jsonb(m), 'hosts',
        (SELECT jsonb_agg(to_jsonb(h) ORDER BY mh.position, mh.host_id)
         FROM booking_meetinghost mh JOIN booking_host h ON h.resource_id = mh.host_id WHERE mh.meeting_id = m.id))
    INTO v_rows
    FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
    WHERE b.id = (p_answer ->> 'booking')::bigint;
    RETURN p_answer || v_rows;
END
$$;

-- Confirm a booking that awaits its link, if its deadline stands; false if it does not. In a group, one attendee
-- more: calendars take a later SEQUENCE.
CREATE FUNCTION confirm_v1(p_tenant text, p_booking text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_meeting bigint;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    UPDATE booking_booking SET status = 'confirmed', expires_at = NULL, confirmed_at = clock_timestamp()
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

-- How a booking stands as its reminders see it: its row, its meeting's uid and start, the event type's minutes; and
-- its due reminders, locked.
CREATE FUNCTION reminded_v1(p_tenant text, p_booking text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_rows jsonb;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    SELECT jsonb_build_object('booking', b.id, 'status', b.status, 'meeting', m.uid, 'starts_at', m.starts_at,
        'minutes', e.reminder_minutes, 'due', (
            SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]')
            FROM (SELECT * FROM booking_reminder WHERE booking_id = b.id AND state = 'due' FOR UPDATE) AS r))
    INTO v_rows
    FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id JOIN booking_eventtype e ON e.id = m.event_type_id
    WHERE b.uid = p_booking;
    RETURN v_rows;
END
$$;

-- Write reminders of a booking, each with its job; give their ids in the order of their instants.
-- p_wanted: now, reminders: [{due_at, minutes_before}]
CREATE FUNCTION remind_v1(p_tenant text, p_booking bigint, p_wanted jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_now  timestamptz := (p_wanted ->> 'now')::timestamptz;
    v_made jsonb;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    WITH made AS (
        INSERT INTO booking_reminder (booking_id, due_at, minutes_before, state, because)
        SELECT p_booking, due_at, minutes_before, 'due', ''
        FROM jsonb_to_recordset(p_wanted -> 'reminders') AS wanted (due_at timestamptz, minutes_before integer)
        RETURNING id, due_at
    ), queued AS (
        SELECT id, due_at, public.enqueue_v1(p_tenant, 'remind', id::text, due_at, v_now, false) AS job FROM made
    )
    SELECT jsonb_agg(id ORDER BY due_at) INTO v_made FROM queued WHERE job IS NOT NULL;
    RETURN v_made;
END
$$;
