-- Every live booking has a seat of its meeting, 1 to its capacity; no two live ones share one (a unique index),
-- and the database gives it, whatever path brings the booking to life or to another meeting. Whoever does so has
-- the meeting's row locked by its counter, so the lowest free number stays free until the commit.
CREATE FUNCTION booking_booking_takes_a_seat() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    v_live constant text[] := ARRAY['held', 'pending', 'awaiting_link', 'confirmed'];
BEGIN
    IF NEW.status <> ALL (v_live) OR (
        TG_OP = 'UPDATE' AND NEW.seat_number = OLD.seat_number AND NEW.meeting_id = OLD.meeting_id
        AND OLD.status = ANY (v_live)
    ) THEN
        RETURN NEW;
    END IF;
    SELECT n INTO NEW.seat_number
    FROM booking_meeting m CROSS JOIN LATERAL generate_series(1, m.capacity) AS n
    WHERE m.id = NEW.meeting_id AND NOT EXISTS (
        SELECT 1 FROM booking_booking b
        WHERE b.meeting_id = NEW.meeting_id AND b.seat_number = n AND b.id <> NEW.id
            AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed'))
    ORDER BY n LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'meeting % has no seat left', NEW.meeting_id USING ERRCODE = 'HF409';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER booking_booking_takes_a_seat BEFORE INSERT OR UPDATE OF status, meeting_id, seat_number ON booking_booking
    FOR EACH ROW EXECUTE FUNCTION booking_booking_takes_a_seat();

-- Those who have a place already: in the order in which they came. Nothing of their meetings changes.
ALTER TABLE booking_booking DISABLE TRIGGER USER;
UPDATE booking_booking b SET seat_number = numbered.n
FROM (
    SELECT id, row_number() OVER (PARTITION BY meeting_id ORDER BY id) AS n FROM booking_booking
    WHERE status IN ('held', 'pending', 'awaiting_link', 'confirmed')
) AS numbered
WHERE numbered.id = b.id;
ALTER TABLE booking_booking ENABLE TRIGGER USER;
