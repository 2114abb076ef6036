-- What the application's role may do to the ledger: read it, and append through the functions. A person's key is
-- made once and can only be destroyed: never exchanged.
-- Runs as the owner in a tenant's schema, AFTER any general grant, with the role's name in holdfast.app_role.
-- Nothing is said that is so already (tenants/privileges.py).
DO $$
DECLARE
    app text := current_setting('holdfast.app_role');
    kept text;
    wanted text;
    held text;
BEGIN
    FOR kept, wanted IN VALUES
        ('audit_entry', 'SELECT'), ('audit_head', 'SELECT'), ('audit_key', 'SELECT'), ('audit_data_key', 'SELECT'),
        ('audit_person_key', 'DELETE, INSERT, SELECT')
    LOOP
        SELECT string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) INTO held
        FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = to_regclass(format('%I.%I', current_schema(), kept)) AND r.rolname = app;
        CONTINUE WHEN held = wanted;
        EXECUTE format('REVOKE ALL ON TABLE %I.%I FROM %I', current_schema(), kept, app);
        EXECUTE format('GRANT %s ON TABLE %I.%I TO %I', wanted, current_schema(), kept, app);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY[
        'ledger_open_v1(text[], bytea[], bytea)', 'ledger_lock_head_v1()', 'ledger_append_v1(bytea[], bytea[])',
        'ledger_found_v1(text, bytea, bytea, bytea)', 'ledger_rotate_key_v1(text, bytea, bytea)'
    ] LOOP
        CONTINUE WHEN has_function_privilege(app, format('%I.%s', current_schema(), kept), 'EXECUTE');
        EXECUTE format('GRANT EXECUTE ON FUNCTION %I.%s TO %I', current_schema(), kept, app);
    END LOOP;
END $$;
