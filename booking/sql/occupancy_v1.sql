-- The guard. A double-booking cannot be written: two live rows of one resource never overlap.
-- Half-open, bounded, never empty: NULLs and empty ranges would slip through an exclusion constraint.
ALTER TABLE booking_occupancy
    ADD CONSTRAINT booking_occupancy_blocked_is_bounded CHECK (
        NOT isempty(blocked) AND lower_inc(blocked) AND NOT upper_inc(blocked)
        AND NOT lower_inf(blocked) AND NOT upper_inf(blocked)
        AND isfinite(lower(blocked)) AND isfinite(upper(blocked))
    ),
    ADD CONSTRAINT booking_occupancy_no_overlap
        EXCLUDE USING gist (resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL);

-- Never UPDATE a range (60 deadlocks in 57 s when measured): a row is retired once, and that is all.
CREATE FUNCTION booking_occupancy_only_retires() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF OLD.retired_at IS NOT NULL
        OR (NEW.id, NEW.resource_id, NEW.meeting_id, NEW.blocked) IS DISTINCT FROM
           (OLD.id, OLD.resource_id, OLD.meeting_id, OLD.blocked) THEN
        RAISE EXCEPTION 'a row of booking_occupancy can only be retired, once'
            USING ERRCODE = 'HF409', HINT = 'retire this row and insert another';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER booking_occupancy_only_retires
    BEFORE UPDATE ON booking_occupancy
    FOR EACH ROW EXECUTE FUNCTION booking_occupancy_only_retires();
