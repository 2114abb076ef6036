-- In place of seat_numbers_v1.sql's: a booking that comes to life again in its meeting has its own seat again where that
-- is free; its invite and whoever led it there named that one. Else the lowest free number.
CREATE OR REPLACE FUNCTION booking_booking_takes_a_seat() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_live constant text[] := ARRAY['held', 'pending', 'awaiting_link', 'confirmed'];
    v_own  integer;
BEGIN
    IF NEW.status <> ALL (v_live) OR (
        TG_OP = 'UPDATE' AND NEW.seat_number = OLD.seat_number AND NEW.meeting_id = OLD.meeting_id
        AND OLD.status = ANY (v_live)
    ) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.meeting_id = OLD.meeting_id THEN
        v_own := OLD.seat_number;
    END IF;
    SELECT n INTO NEW.seat_number
    FROM booking_meeting m CROSS JOIN LATERAL generate_series(1, m.capacity) AS n
    WHERE m.id = NEW.meeting_id AND NOT EXISTS (
        SELECT 1 FROM booking_booking b
        WHERE b.meeting_id = NEW.meeting_id AND b.seat_number = n AND b.id <> NEW.id
            AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed'))
    ORDER BY n IS DISTINCT FROM v_own, n LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'meeting % has no seat left', NEW.meeting_id USING ERRCODE = 'HF409';
    END IF;
    RETURN NEW;
END
$$;
