-- A host has several schedules, one of them the default; an event type may choose another one, of that host only.
ALTER TABLE booking_schedule ADD CONSTRAINT booking_schedule_of_host UNIQUE (id, host_id);
ALTER TABLE booking_eventtypehost ADD CONSTRAINT booking_eventtypehost_own_schedule
    FOREIGN KEY (schedule_id, host_id) REFERENCES booking_schedule (id, host_id) DEFERRABLE INITIALLY DEFERRED;

UPDATE booking_schedule s SET is_default = true
WHERE id = (SELECT min(id) FROM booking_schedule t WHERE t.host_id = s.host_id);

SELECT catalog_watch_v1('booking_outofoffice'), catalog_watch_v1('booking_businessholidays');
