-- Each table of the catalog has a stamp of its own: whoever has read the others reads only those that changed.
-- The one of all stays, for processes of the version before, which serve on while a rolling update migrates.
ALTER TABLE booking_catalog ADD COLUMN stamps jsonb;  -- {table: stamp}
UPDATE booking_catalog SET stamps = (
    SELECT jsonb_object_agg(c.relname, gen_random_uuid()) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgfoid = 'catalog_changed_v1'::regproc);
ALTER TABLE booking_catalog ALTER COLUMN stamps SET NOT NULL;

CREATE OR REPLACE FUNCTION catalog_changed_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE booking_catalog SET stamp = gen_random_uuid(),
        stamps = stamps || jsonb_build_object(TG_TABLE_NAME, gen_random_uuid());
    RETURN NULL;
END
$$;
