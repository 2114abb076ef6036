-- Starting a run: its row, its steps and its job, in the transaction of the fact that causes it. One round trip.
-- Runs in a tenant's schema, as the owner role.
--   p_run    workflow, subject, payload, actor_type, actor_id, reverses, started_at
--   p_steps  in their order: action, required, done (its write happens in this very transaction)
--   p_job    schema, kind, at_once (the caller hands its id to the broker after the commit)
-- Gives {run, steps: [ids in order], job}.
CREATE FUNCTION start_run_v1(p_run jsonb, p_steps jsonb, p_job jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_now   timestamptz := (p_run ->> 'started_at')::timestamptz;
    v_run   bigint;
    v_steps jsonb;
BEGIN
    INSERT INTO audit_run (workflow, subject, payload, state, actor_type, actor_id, failure_code, failure_words,
        reverses_id, started_at)
    VALUES (p_run ->> 'workflow', p_run ->> 'subject', p_run -> 'payload', 'running', p_run ->> 'actor_type',
        p_run ->> 'actor_id', '', '', (p_run ->> 'reverses')::bigint, v_now)
    RETURNING id INTO v_run;
    WITH made AS (
        INSERT INTO audit_step (run_id, position, action, required, state, attempts, repeats, undo_attempts, result,
            error, started_at, finished_at)
        SELECT v_run, n - 1, step ->> 'action', (step ->> 'required')::boolean,
            CASE WHEN done THEN 'done' ELSE 'waiting' END, done::integer, 0, 0, '{}', '',
            CASE WHEN done THEN v_now END, CASE WHEN done THEN v_now END
        FROM jsonb_array_elements(p_steps) WITH ORDINALITY AS steps (step, n),
            LATERAL (SELECT (step ->> 'done')::boolean) AS has (done)
        RETURNING id, position
    )
    SELECT jsonb_agg(id ORDER BY position) INTO v_steps FROM made;
    RETURN jsonb_build_object('run', v_run, 'steps', v_steps, 'job', public.enqueue_v1(p_job ->> 'schema',
        p_job ->> 'kind', v_run::text, v_now, v_now, (p_job ->> 'at_once')::boolean));
END
$$;
