-- Writing one job of a tenant, in the transaction of its cause. Runs in the public schema, as the owner role.
-- `p_at_once`: the caller hands its id to the broker after the commit. That is written ahead of the fact; a
-- failed hand-over takes it back, and of a killed process the relay finds it.
CREATE FUNCTION enqueue_v1(
    p_schema text, p_kind text, p_ref text, p_due timestamptz, p_now timestamptz, p_at_once boolean
) RETURNS bigint
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    INSERT INTO jobs_job (schema, kind, ref, state, due_at, handed_at, attempts, last_error, created_at)
    VALUES (p_schema, p_kind, p_ref, 'queued', p_due, CASE WHEN p_at_once THEN p_now END, 0, '', p_now)
    RETURNING id;
END;
