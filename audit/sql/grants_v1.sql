-- What the application's role may do to the ledger: read it, and append through the functions.
-- Runs as the owner in a tenant's schema, AFTER any general grant, with the role's name in holdfast.app_role.
DO $$
DECLARE
    app text := current_setting('holdfast.app_role');
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['audit_entry', 'audit_head', 'audit_key', 'audit_data_key'] LOOP
        EXECUTE format('REVOKE ALL ON TABLE %I.%I FROM %I', current_schema(), kept, app);
        EXECUTE format('GRANT SELECT ON TABLE %I.%I TO %I', current_schema(), kept, app);
    END LOOP;
    -- A person's key is made once and can only be destroyed: never exchanged.
    EXECUTE format('REVOKE ALL ON TABLE %I.audit_person_key FROM %I', current_schema(), app);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON TABLE %I.audit_person_key TO %I', current_schema(), app);
    FOREACH kept IN ARRAY ARRAY[
        'ledger_open_v1(text[], bytea[], bytea)', 'ledger_lock_head_v1()', 'ledger_append_v1(bytea[], bytea[])',
        'ledger_found_v1(text, bytea, bytea, bytea)', 'ledger_rotate_key_v1(text, bytea, bytea)'
    ] LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %I.%s TO %I', current_schema(), kept, app);
    END LOOP;
END $$;
