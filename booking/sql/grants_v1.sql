-- What the application's role must not touch, taken back after the general grants; run as the owner, in the
-- tenant. holdfast.app_role names the role.
DO $$
DECLARE
    v_role text := current_setting('holdfast.app_role');
BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON tenant_identity FROM %I', v_role);
    EXECUTE format('REVOKE DELETE ON booking_meeting, booking_booking, booking_occupancy, booking_move FROM %I', v_role);
END
$$;
