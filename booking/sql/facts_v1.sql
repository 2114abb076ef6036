-- What a step of a booking's run looks at, in one round trip each.

-- A booking with its meeting and event type, as rows; null if there is none.
CREATE FUNCTION booking_v1(p_tenant text, p_booking text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    RETURN (SELECT jsonb_build_object('booking', to_jsonb(b), 'meeting', to_jsonb(m), 'event_type', to_jsonb(e))
        FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
        JOIN booking_eventtype e ON e.id = m.event_type_id WHERE b.uid = p_booking);
END
$$;

-- The hosts of a meeting in their order, as rows, and whether others than this booking have a confirmed place in it.
CREATE FUNCTION company_v1(p_tenant text, p_meeting bigint, p_booking bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    RETURN jsonb_build_object(
        'hosts', (SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY mh.position, mh.host_id), '[]')
            FROM booking_meetinghost mh JOIN booking_host h ON h.resource_id = mh.host_id
            WHERE mh.meeting_id = p_meeting),
        'others', EXISTS (SELECT FROM booking_booking b
            WHERE b.meeting_id = p_meeting AND b.status = 'confirmed' AND b.id <> p_booking));
END
$$;
