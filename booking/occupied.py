"""What our own meetings block, and which sessions can be joined: two queries, by the database's clock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from booking.core.slots import Session
from booking.models import EventType, Host


@dataclass(frozen=True, slots=True)
class Occupied:
    """Blocked ranges by resource, half-open, in seconds; `next_expiry` is when a deadline may change them by itself."""

    blocked: Mapping[int, Sequence[tuple[int, int]]]
    next_expiry: int | None


def occupied(
    resource_ids: Sequence[int], start: datetime, end: datetime, *, leaving: int | None = None
) -> Occupied:
    """Return the blocked ranges of these resources that meet [start, end); one statement.

    What has outlived its deadline does not count: an expired hold or move never blocks anybody. The meeting
    `leaving` does not count either.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OCCUPIED, [list(resource_ids), start, end, leaving])
        next_expiry, resources, starts, ends = cursor.fetchone() or (None, None, None, None)
    blocked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for resource_id, begins, ended in zip(resources or (), starts or (), ends or (), strict=True):
        blocked[resource_id].append((begins, ended))
    return Occupied(blocked, next_expiry)


def sessions_of(
    event_type: EventType, reach: tuple[datetime, datetime], hosts: Sequence[Host]
) -> dict[int, Session]:
    """Return the live sessions of the type by start; seats of expired holds count as free.

    One of others than these hosts has no seat for who asks for them: there is no second one at its start.
    """
    asked = {host.pk for host in hosts}
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS, [event_type.pk, *reach])
        return {
            start: Session(host_ids=tuple(of_session), seats_left=left if asked.issuperset(of_session) else 0)
            for start, left, of_session in cursor.fetchall()
        }


_LIVES = """(m.scheduled
        OR EXISTS (SELECT 1 FROM booking_booking b
            WHERE b.meeting_id = m.id AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed')
            AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp()))
        OR EXISTS (SELECT 1 FROM booking_move v WHERE v.meeting_id = m.id AND v.expires_at > clock_timestamp()))"""

_OCCUPIED = """
    SELECT next_expiry, resource_ids, starts, ends
    FROM occupied_v1(%s::bigint[], %s::timestamptz, %s::timestamptz, %s::bigint)
"""


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
    ORDER BY m.id DESC
"""  # noqa: S608  put together from constants
