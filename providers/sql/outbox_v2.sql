-- Mails on their way, one after the other: each attempt is begun in the statement before it. Runs in a tenant's schema.

-- Queue messages as queue_messages_v1 does, and begin the first one. Gives {"ids": {key: id}, "begun": what
-- begin_message_v1 gives for it}.
CREATE FUNCTION queue_messages_v2(p_messages jsonb, p_now timestamptz) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_ids jsonb := queue_messages_v1(p_messages, p_now);
BEGIN
    RETURN jsonb_build_object('ids', v_ids, 'begun',
        begin_message_v1((v_ids ->> (p_messages -> 0 ->> 'dedupe_key'))::bigint, p_now));
END
$$;

-- Write how an attempt ended, as end_message_v1 does, and begin the next message; gives what begin_message_v1 gives for
-- it, null without a next one.
CREATE FUNCTION end_message_v2(p_message bigint, p_attempt integer, p_state text, p_sent_at timestamptz, p_words text,
    p_next bigint, p_now timestamptz) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM end_message_v1(p_message, p_attempt, p_state, p_sent_at, p_words);
    RETURN CASE WHEN p_next IS NOT NULL THEN begin_message_v1(p_next, p_now) END;
END
$$;
