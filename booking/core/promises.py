"""Six questions to a tenant's tables, none of which trusts the constraint that should make them pointless. Pure SQL.

Asked by loadtests/checker.py from outside and by the contention lab after each test. `{live}` and `{stored_live}`
are put in; each row of an answer is a broken promise.
"""

QUESTIONS = {
    "two live blocked ranges of one resource overlap": """
        SELECT a.resource_id, a.meeting_id, b.meeting_id, a.blocked * b.blocked
        FROM booking_occupancy a JOIN booking_occupancy b
          ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
        WHERE a.retired_at IS NULL AND b.retired_at IS NULL""",
    "two meetings with a live booking share a host and a time": """
        SELECT a.host_id, m.uid, n.uid
        FROM booking_meetinghost a
        JOIN booking_meetinghost b ON a.host_id = b.host_id AND a.meeting_id < b.meeting_id
        JOIN booking_meeting m ON m.id = a.meeting_id JOIN booking_meeting n ON n.id = b.meeting_id
        WHERE tstzrange(m.starts_at, m.ends_at) && tstzrange(n.starts_at, n.ends_at)
          AND EXISTS (SELECT FROM booking_booking WHERE meeting_id = m.id AND {live})
          AND EXISTS (SELECT FROM booking_booking WHERE meeting_id = n.id AND {live})""",
    "more live bookings than seats, or than are counted": """
        SELECT m.uid, m.capacity, m.seats_taken, count(b.id)
        FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id AND {stored_live}
        GROUP BY m.id HAVING count(b.id) > least(m.capacity, m.seats_taken)""",
    "a live booking without a live blocked range of each of its hosts": """
        SELECT b.uid, h.host_id
        FROM booking_booking b JOIN booking_meetinghost h ON h.meeting_id = b.meeting_id
        WHERE {live} AND NOT EXISTS (
            SELECT FROM booking_occupancy o JOIN booking_meeting m ON m.id = o.meeting_id
            WHERE o.meeting_id = b.meeting_id AND o.resource_id = h.host_id AND o.retired_at IS NULL
              AND o.blocked @> tstzrange(m.starts_at, m.ends_at))""",
    "a live booking without a live blocked range of each of its rooms and pieces of equipment": """
        SELECT b.uid, r.resource_id
        FROM booking_booking b JOIN booking_meetingresource r ON r.meeting_id = b.meeting_id
        WHERE {live} AND NOT EXISTS (
            SELECT FROM booking_occupancy o JOIN booking_meeting m ON m.id = o.meeting_id
            WHERE o.meeting_id = b.meeting_id AND o.resource_id = r.resource_id AND o.retired_at IS NULL
              AND o.blocked @> m.blocked)""",
    "two live bookings of one meeting share a seat, or one has none of its seats": """
        SELECT m.uid, b.seat_number, count(*)
        FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id AND {stored_live}
        GROUP BY m.uid, m.capacity, b.seat_number
        HAVING count(*) > 1 OR b.seat_number IS NULL OR b.seat_number NOT BETWEEN 1 AND m.capacity""",
}
STORED_LIVE = "status IN ('held', 'pending', 'awaiting_link', 'confirmed')"
LIVE = f"{STORED_LIVE} AND (expires_at IS NULL OR expires_at > clock_timestamp())"


def question_sql(promise: str) -> str:
    """Return the complete statement that asks whether `promise` is broken."""
    return QUESTIONS[promise].format(live=LIVE, stored_live=STORED_LIVE)
