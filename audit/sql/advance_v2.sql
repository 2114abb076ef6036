-- A run is taken up in one round trip, and its job ends with it. Runs in a tenant's schema, as the owner role.

-- Write that a step is done, and the intent of the next one under a lease that is renewed; or, without a next one,
-- the end of the run and of its job. p_done: {id, result} or null; p_next: the next step's id or null. Gives
-- 'advanced', or why nothing may be written: 'lost' (the lease), 'changed' (somebody else moved the step). The caller
-- rolls back then.
CREATE FUNCTION advance_v2(
    p_job bigint, p_lease uuid, p_seconds integer, p_run bigint, p_done jsonb, p_next bigint, p_now timestamptz
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT (CASE WHEN p_next IS NULL THEN public.done_v1(p_job, p_lease)
                 ELSE public.renew_v1(p_job, p_lease, p_seconds) END) THEN
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

-- Take a run up: where it is running, write the intent of the step that is ahead (of none: that it is done), as
-- advance_v2 does. Gives what run_v1 gives, as it stands then, and
--   outcome    what advance_v2 said; null where the run is not running
--   upcoming   the id of the step that starts, or null
--   recovered  whether an attempt of it was found begun
-- Null if there is no such run.
CREATE FUNCTION take_up_v1(p_job bigint, p_lease uuid, p_seconds integer, p_run bigint, p_now timestamptz) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_outcome text;
    v_step    audit_step;
BEGIN
    IF EXISTS (SELECT FROM audit_run r WHERE r.id = p_run AND r.state = 'running') THEN
        SELECT * INTO v_step FROM audit_step s WHERE s.run_id = p_run AND s.state IN ('waiting', 'started')
        ORDER BY s.position LIMIT 1;
        v_outcome := advance_v2(p_job, p_lease, p_seconds, p_run, NULL, v_step.id, p_now);
        IF v_outcome = 'changed' THEN
            RAISE EXCEPTION 'run % was changed while it was taken up', p_run;  -- nobody rolls back: this is a statement alone
        END IF;
    END IF;
    RETURN run_v1(p_run) || jsonb_build_object('outcome', v_outcome, 'upcoming', v_step.id,
        'recovered', v_step.state IS NOT DISTINCT FROM 'started');
END
$$;
