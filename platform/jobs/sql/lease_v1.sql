-- A worker's claim on a job, by the database's clock. Runs in the public schema, as the owner role.

-- Take the lease of a job that is due, or whose last lease ran out; no row when it is not free. Jobs of the owner's
-- kinds are taken with p_as_owner only, the others without it only.
CREATE FUNCTION claim_v1(p_job bigint, p_lease uuid, p_seconds integer, p_as_owner boolean)
    RETURNS TABLE (schema text, kind text, ref text, attempts integer)
    LANGUAGE sql
    SET search_path FROM CURRENT
BEGIN ATOMIC
    UPDATE jobs_job j
    SET state = 'leased', lease = p_lease, leased_until = clock_timestamp() + make_interval(secs => p_seconds),
        attempts = j.attempts + 1
    WHERE j.id = p_job AND starts_with(j.kind, 'owner:') = p_as_owner
        AND (j.state = 'queued' AND j.due_at <= clock_timestamp()
            OR j.state = 'leased' AND j.leased_until < clock_timestamp())
    RETURNING j.schema, j.kind, j.ref, j.attempts;
END;

-- Hold a job for another p_seconds; false when the lease is somebody else's by now.
CREATE FUNCTION renew_v1(p_job bigint, p_lease uuid, p_seconds integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE jobs_job SET leased_until = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE id = p_job AND lease = p_lease AND state = 'leased';
    RETURN FOUND;
END
$$;

-- Write that a job was done; false when the lease is somebody else's by now.
CREATE FUNCTION done_v1(p_job bigint, p_lease uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE jobs_job SET state = 'done', finished_at = clock_timestamp(), lease = NULL, leased_until = NULL
    WHERE id = p_job AND lease = p_lease;
    RETURN FOUND;
END
$$;
