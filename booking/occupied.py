"""What our own meetings block, and which sessions can be joined: two queries, by the database's clock."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from booking.core.slots import Session
from booking.models import EventType, Host


def occupied(
    host_ids: Sequence[int], start: datetime, end: datetime, *, leaving: int | None = None
) -> dict[int, list[tuple[int, int]]]:
    """Return the blocked ranges of these resources that meet [start, end), in seconds; one query.

    What has outlived its deadline does not count: an expired hold or move never blocks anybody.
    """
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OCCUPIED, [list(host_ids), start, end, leaving])
        for resource_id, begins, ends in cursor.fetchall():
            found[resource_id].append((begins, ends))
    return found


def sessions_of(
    event_type: EventType, reach: tuple[datetime, datetime], hosts: Sequence[Host]
) -> dict[int, Session]:
    """Return the live sessions of these hosts by start; seats of expired holds count as free."""
    asked = {host.pk for host in hosts}
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS, [event_type.pk, *reach])
        return {
            start: Session(host_ids=tuple(of_session), seats_left=left)
            for start, left, of_session in cursor.fetchall()
            if asked.issuperset(of_session)
        }


_LIVES = """(m.scheduled
        OR EXISTS (SELECT 1 FROM booking_booking b
            WHERE b.meeting_id = m.id AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed')
            AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp()))
        OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.expires_at > clock_timestamp()))"""

# While no move of the meeting is alive its hosts block its own time, and nobody blocks any other: an expired
# move's new time (or new host) is free before anybody has swept it.
_OCCUPIED = f"""
    SELECT o.resource_id, extract(epoch FROM lower(counts.blocked))::bigint,
           ceil(extract(epoch FROM upper(counts.blocked)))::bigint
    FROM unnest(%s::bigint[]) AS r
    JOIN LATERAL (
        SELECT resource_id, meeting_id, blocked FROM booking_occupancy
        WHERE resource_id = r AND blocked && tstzrange(%s, %s) AND retired_at IS NULL
    ) AS o ON true
    JOIN booking_meeting m ON m.id = o.meeting_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.expires_at > clock_timestamp())
            THEN o.blocked
        WHEN EXISTS (SELECT 1 FROM booking_claimed c WHERE c.meeting_id = m.id AND c.resource_id = o.resource_id)
            THEN o.blocked * m.blocked
        ELSE 'empty' END AS blocked) AS counts
    WHERE m.id IS DISTINCT FROM %s::bigint AND NOT isempty(counts.blocked) AND {_LIVES}
    ORDER BY o.resource_id, o.blocked
"""  # noqa: S608  put together from constants


_SESSIONS = f"""
    SELECT extract(epoch FROM m.starts_at)::bigint,
           m.capacity - m.seats_taken
               + (SELECT count(*) FROM booking_booking b
                  WHERE b.meeting_id = m.id AND b.expires_at <= clock_timestamp())::integer
               + (SELECT count(*) FROM booking_move v JOIN booking_booking k ON k.id = v.booking_id
                  WHERE v.meeting_id = m.id AND k.meeting_id <> m.id AND v.expires_at <= clock_timestamp())::integer,
           ARRAY(SELECT host_id FROM booking_meetinghost h WHERE h.meeting_id = m.id ORDER BY position)
    FROM booking_meeting m
    WHERE m.event_type_id = %s AND m.starts_at >= %s AND m.starts_at < %s AND m.released_at IS NULL AND {_LIVES}
"""  # noqa: S608  put together from constants
