-- Mails on their way: queued once, begun and ended, one round trip each. Runs in a tenant's schema.

-- Queue messages, each once by its dedupe_key; gives the ids of those that are there, by key.
--   p_messages  [{kind, booking_uid, dedupe_key, message_id, sender_name, reply_to, to_name, to_address, subject,
--                text, html, ics, ics_method}]
CREATE FUNCTION queue_messages_v1(p_messages jsonb, p_now timestamptz) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO providers_message (kind, booking_uid, dedupe_key, message_id, sender_name, reply_to, to_name,
        to_address, subject, text, html, ics, ics_method, state, attempts, repeats, created_at, failed_words)
    SELECT wanted.*, 'queued', 0, 0, p_now, ''
    FROM jsonb_to_recordset(p_messages) AS wanted (kind text, booking_uid text, dedupe_key text, message_id text,
        sender_name text, reply_to text, to_name text, to_address text, subject text, text text, html text,
        ics text, ics_method text)
    ON CONFLICT DO NOTHING;
    RETURN (SELECT jsonb_object_agg(m.dedupe_key, m.id) FROM providers_message m
        WHERE m.dedupe_key IN (SELECT wanted ->> 'dedupe_key' FROM jsonb_array_elements(p_messages) AS wanted));
END
$$;

-- Begin an attempt: the message, and the sender's settings (null before the first change); null if it is not to be
-- sent (any more). An attempt found unfinished makes this one a repeat.
CREATE FUNCTION begin_message_v1(p_message bigint, p_now timestamptz) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    m providers_message;
BEGIN
    UPDATE providers_message SET state = 'sending', started_at = p_now, attempts = attempts + 1,
        repeats = repeats + (state = 'sending')::integer
    WHERE id = p_message AND state IN ('queued', 'sending')
    RETURNING * INTO m;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object('message', to_jsonb(m), 'settings', (
        SELECT to_jsonb(s) || jsonb_build_object('sealed_password', encode(s.sealed_password, 'base64'))
        FROM providers_mailsettings s WHERE s.id = 1));
END
$$;

-- Write how an attempt ended, unless a later one has begun meanwhile; says whether it was written.
CREATE FUNCTION end_message_v1(p_message bigint, p_attempt integer, p_state text, p_sent_at timestamptz, p_words text)
    RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE providers_message SET state = p_state, sent_at = p_sent_at, failed_words = p_words
    WHERE id = p_message AND state = 'sending' AND attempts = p_attempt;
    RETURN FOUND;
END
$$;

-- Whether anybody wants notices is kept in memory under the stamp of what is connected (calendars_stamp_v1.sql).
CREATE TRIGGER providers_webhookendpoint_stamp AFTER INSERT OR DELETE OR UPDATE OF active ON providers_webhookendpoint
    FOR EACH STATEMENT EXECUTE FUNCTION calendars_changed_v1();
