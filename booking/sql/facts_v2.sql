-- What a message about a booking is composed from, in one round trip.

-- company_v2, and the names of the rooms and how the business shows itself (name, accent, domain).
CREATE FUNCTION company_v3(p_tenant text, p_meeting bigint, p_booking bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN company_v2(p_tenant, p_meeting, p_booking) || jsonb_build_object(
        'rooms', (SELECT coalesce(jsonb_agg(r.name ORDER BY mr.resource_id), '[]')
            FROM booking_meetingresource mr JOIN booking_resource r ON r.id = mr.resource_id
            WHERE mr.meeting_id = p_meeting),
        'face', (SELECT jsonb_build_object('name', t.name, 'accent', t.accent, 'domain', d.domain)
            FROM public.tenants_tenant t JOIN public.tenants_domain d ON d.tenant_id = t.id AND d.is_primary
            WHERE t.schema_name = p_tenant));
END
$$;

-- booking_v1, and beside it the company of the booking's own meeting; null if there is no such booking.
CREATE FUNCTION booking_v2(p_tenant text, p_booking text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
DECLARE
    found jsonb := booking_v1(p_tenant, p_booking);
BEGIN
    RETURN found || jsonb_build_object('company', company_v3(p_tenant, (found #>> '{meeting,id}')::bigint,
        (found #>> '{booking,id}')::bigint));
END
$$;
