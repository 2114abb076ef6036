-- How a business writes to its clients, read beside what a mail is about.

-- The sender's settings (nulls before the first change) and the newest own words of its language, by occasion.
CREATE FUNCTION voice_v1(p_tenant text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
DECLARE
    settings jsonb;
BEGIN
    PERFORM check_tenant_v1(p_tenant);
    settings := (SELECT jsonb_build_object('language', language, 'sender_name', sender_name, 'reply_to', reply_to,
        'from_address', from_address) FROM providers_mailsettings WHERE id = 1);
    RETURN jsonb_build_object('settings', settings, 'words', (
        SELECT coalesce(jsonb_object_agg(w.occasion, to_jsonb(w)), '{}') FROM (
            SELECT DISTINCT ON (occasion) occasion, subject, heading, body, footer FROM booking_messagewording
            WHERE language = coalesce(settings ->> 'language', 'en') ORDER BY occasion, id DESC) w));
END
$$;

-- company_v1, and how the business writes.
CREATE FUNCTION company_v2(p_tenant text, p_meeting bigint, p_booking bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path FROM CURRENT
AS $$
    SELECT company_v1(p_tenant, p_meeting, p_booking) || jsonb_build_object('voice', voice_v1(p_tenant))
$$;
