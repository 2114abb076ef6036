-- What the application's role must not touch, taken back after the general grants; run as the owner, in the
-- tenant. holdfast.app_role names the role. Nothing is said that is so already (tenants/privileges.py).
DO $$
DECLARE
    v_role text := current_setting('holdfast.app_role');
    v_kept text;
BEGIN
    IF has_table_privilege(v_role, 'tenant_identity', 'INSERT, UPDATE, DELETE') THEN
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON tenant_identity FROM %I', v_role);
    END IF;
    FOREACH v_kept IN ARRAY ARRAY['booking_meeting', 'booking_booking', 'booking_occupancy', 'booking_move'] LOOP
        IF has_table_privilege(v_role, v_kept, 'DELETE') THEN
            EXECUTE format('REVOKE DELETE ON %I FROM %I', v_kept, v_role);
        END IF;
    END LOOP;
END
$$;
