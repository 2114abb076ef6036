-- The stamp of connected calendars: changes with every change of a calendar, its connection or its busy times
-- (kernel.stamps). Whoever refreshes calendars locks them first and the stamp after.
CREATE TABLE providers_calendars (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stamp    uuid    NOT NULL
);
INSERT INTO providers_calendars (stamp) VALUES (gen_random_uuid());

CREATE FUNCTION calendars_changed_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE providers_calendars SET stamp = gen_random_uuid();
    RETURN NULL;
END
$$;

CREATE TRIGGER providers_calendar_stamp AFTER INSERT OR UPDATE OR DELETE ON providers_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION calendars_changed_v1();
CREATE TRIGGER providers_busytime_stamp AFTER INSERT OR UPDATE OR DELETE ON providers_busytime
    FOR EACH STATEMENT EXECUTE FUNCTION calendars_changed_v1();
