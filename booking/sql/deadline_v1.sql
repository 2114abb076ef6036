-- What has a deadline says so in one table of all tenants, so that the clock need not visit each of them to look.
-- The row outlives a deadline that was met: it costs the clock one visit that finds nothing.
CREATE FUNCTION booking_has_deadline() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO public.jobs_deadline (schema, due_at) VALUES (current_schema(), NEW.expires_at);
    RETURN NULL;
END
$$;

CREATE TRIGGER booking_booking_has_deadline AFTER INSERT OR UPDATE OF expires_at ON booking_booking
    FOR EACH ROW WHEN (NEW.expires_at IS NOT NULL) EXECUTE FUNCTION booking_has_deadline();
CREATE TRIGGER booking_move_has_deadline AFTER INSERT OR UPDATE OF expires_at ON booking_move
    FOR EACH ROW WHEN (NEW.expires_at IS NOT NULL) EXECUTE FUNCTION booking_has_deadline();
