-- Which tenant this schema belongs to. Every write function compares its caller's word with this row, so a
-- statement that reached the wrong schema is refused by the database itself.
CREATE TABLE tenant_identity (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    schema_name text    NOT NULL
);
INSERT INTO tenant_identity (schema_name) VALUES (current_schema());

CREATE FUNCTION check_tenant_v1(p_tenant text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM tenant_identity WHERE schema_name = p_tenant) THEN
        RAISE EXCEPTION 'wrong tenant: asked for %, in %', p_tenant, current_schema()
            USING ERRCODE = 'HF403';
    END IF;
END
$$;
