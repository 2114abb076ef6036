-- The catalog's stamp: changes with every change of what a business offers (booking.catalog, kernel.stamps).
CREATE TABLE booking_catalog (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stamp    uuid    NOT NULL
);
INSERT INTO booking_catalog (stamp) VALUES (gen_random_uuid());

CREATE FUNCTION catalog_changed_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE booking_catalog SET stamp = gen_random_uuid();
    RETURN NULL;
END
$$;

-- Make a table part of the catalog: from now on each statement that changes it changes the stamp. Once per table,
-- by the migration that makes it; booking.catalog reads it.
CREATE FUNCTION catalog_watch_v1(p_table text) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION catalog_changed_v1()', p_table || '_catalog', p_table);
END
$$;

SELECT catalog_watch_v1(name) FROM unnest(ARRAY[
    'booking_resource', 'booking_host', 'booking_schedule', 'booking_weeklyhours', 'booking_dateoverride',
    'booking_eventtype', 'booking_eventtypehost', 'booking_eventtyperesource']) AS name;
