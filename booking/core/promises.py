"""Seven questions to a tenant's tables, none of which trusts the constraint that should make them pointless. Pure SQL.

Asked by loadtests/checker.py from outside and by the contention lab after each test. `{live}` and `{stored_live}`
are put in; each row of an answer is a broken promise. A meeting's time is what its row blocks, buffers included, and
the time itself; one that moves has the new time beside it until the move counts, fails or expires.
"""

QUESTIONS = {
    "two live blocked ranges of one resource overlap": """
        SELECT a.resource_id, a.meeting_id, b.meeting_id, a.blocked * b.blocked
        FROM booking_occupancy a JOIN booking_occupancy b
          ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
        WHERE a.retired_at IS NULL AND b.retired_at IS NULL""",
    "two meetings with a live booking share a host and a time": """
        WITH taken AS MATERIALIZED (
            SELECT h.host_id, m.id, m.uid, times.wanted
            FROM booking_meeting m JOIN booking_meetinghost h ON h.meeting_id = m.id
            CROSS JOIN LATERAL ({times}) AS times
            WHERE EXISTS (SELECT FROM booking_booking WHERE meeting_id = m.id AND {live}))
        SELECT DISTINCT a.host_id, a.uid, b.uid
        FROM taken a JOIN taken b ON a.host_id = b.host_id AND a.id < b.id AND a.wanted && b.wanted""",
    "more live bookings than seats, or than are counted": """
        SELECT m.uid, m.capacity, m.seats_taken, count(b.id)
        FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id AND {stored_live}
        GROUP BY m.id HAVING count(b.id) > least(m.capacity, m.seats_taken)""",
    "a live booking without a live blocked range of each of its hosts": """
        SELECT b.uid, h.host_id, times.wanted
        FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
        JOIN booking_meetinghost h ON h.meeting_id = m.id CROSS JOIN LATERAL ({times}) AS times
        WHERE {live} AND NOT EXISTS (
            SELECT FROM booking_occupancy o
            WHERE o.meeting_id = m.id AND o.resource_id = h.host_id AND o.retired_at IS NULL
              AND o.blocked @> times.wanted)""",
    "a live booking without a live blocked range of each of its rooms and pieces of equipment": """
        SELECT b.uid, r.resource_id, times.wanted
        FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
        JOIN booking_meetingresource r ON r.meeting_id = m.id CROSS JOIN LATERAL ({times}) AS times
        WHERE {live} AND NOT EXISTS (
            SELECT FROM booking_occupancy o
            WHERE o.meeting_id = m.id AND o.resource_id = r.resource_id AND o.retired_at IS NULL
              AND o.blocked @> times.wanted)""",
    "a live booking of a meeting that nobody hosts": """
        SELECT b.uid, b.meeting_id
        FROM booking_booking b
        WHERE {live} AND NOT EXISTS (SELECT FROM booking_meetinghost h WHERE h.meeting_id = b.meeting_id)""",
    "two live bookings of one meeting share a seat, or one has none of its seats": """
        SELECT m.uid, b.seat_number, count(*)
        FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id AND {stored_live}
        GROUP BY m.uid, m.capacity, b.seat_number
        HAVING count(*) > 1 OR b.seat_number IS NULL OR b.seat_number NOT BETWEEN 1 AND m.capacity""",
}
STORED_LIVE = "status IN ('held', 'pending', 'awaiting_link', 'confirmed')"
LIVE = f"{STORED_LIVE} AND (expires_at IS NULL OR expires_at > clock_timestamp())"
TIMES = """
    SELECT range_merge(m.blocked, tstzrange(m.starts_at, m.ends_at)) AS wanted
    UNION ALL
    SELECT v.blocked FROM booking_move v
    WHERE v.meeting_id = m.id AND v.status = 'held' AND v.expires_at > clock_timestamp()"""


def question_sql(promise: str) -> str:
    """Return the complete statement that asks whether `promise` is broken."""
    return QUESTIONS[promise].format(live=LIVE, stored_live=STORED_LIVE, times=TIMES)
