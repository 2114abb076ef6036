-- How a run goes on, one round trip a step. Runs in a tenant's schema, as the owner role.

-- A run and its steps, as rows: {"run": …, "steps": [… in their order]}; null if there is none.
CREATE FUNCTION run_v1(p_run bigint) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('run', to_jsonb(r), 'steps',
        (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.position) FROM audit_step s WHERE s.run_id = r.id))
        FROM audit_run r WHERE r.id = p_run);
END
$$;

-- Write that a step is done, and the intent of the next one (or, without one, the end of the run), under a lease
-- that is renewed. p_done: {id, result} or null; p_next: the next step's id or null. Gives 'advanced', or why
-- nothing may be written: 'lost' (the lease), 'changed' (somebody else moved the step). The caller rolls back then.
CREATE FUNCTION advance_v1(
    p_job bigint, p_lease uuid, p_seconds integer, p_run bigint, p_done jsonb, p_next bigint, p_now timestamptz
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT public.renew_v1(p_job, p_lease, p_seconds) THEN
        RETURN 'lost';
    END IF;
    IF p_done IS NOT NULL THEN
        UPDATE audit_step SET state = 'done', finished_at = p_now, error = '', result = p_done -> 'result'
        WHERE id = (p_done ->> 'id')::bigint AND state = 'started';
        IF NOT FOUND THEN
            RETURN 'changed';
        END IF;
    END IF;
    IF p_next IS NOT NULL THEN
        UPDATE audit_step SET state = 'started', attempts = attempts + 1, repeats = repeats + (state = 'started')::integer,
            started_at = coalesce(started_at, p_now)
        WHERE id = p_next AND state IN ('waiting', 'started');
        IF NOT FOUND THEN
            RETURN 'changed';
        END IF;
    ELSE
        UPDATE audit_run SET state = 'done', finished_at = p_now WHERE id = p_run AND state = 'running';
        IF NOT FOUND THEN
            RETURN 'changed';
        END IF;
    END IF;
    RETURN 'advanced';
END
$$;
