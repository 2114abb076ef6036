"""Are the triggers there that keep the tables true, and does an unsigned change still not get through?"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.utils import DatabaseError

from booking.guard import sqlstate
from booking.health.findings import Asked, Finding, Probe
from booking.models import EventType, Meeting
from kernel.ids import new_uid

UNSIGNED = "HF401"
FAR_AHEAD = timedelta(days=36_500)
EXPECTED = frozenset(
    {
        "booking_meeting_truth",
        "booking_booking_truth",
        "booking_occupancy_truth",
        "booking_meetinghost_truth",
        "booking_move_truth",
        "booking_meetingresource_truth",
        "booking_meetingresource_blocked",
        "booking_occupancy_resource_truth",
        "booking_move_resource_truth",
        "booking_meeting_resource_truth",
        "booking_meetinghost_sorts",
        "booking_booking_takes_a_seat",
        "booking_meeting_is_kept",
        "booking_meeting_no_truncate",
        "booking_booking_no_truncate",
        "booking_occupancy_no_truncate",
        "booking_move_no_truncate",
        "booking_occupancy_only_retires",
        "audit_entry_no_truncate",
    }
)
TABLES = (
    "booking_meeting",
    "booking_booking",
    "booking_occupancy",
    "booking_meetinghost",
    "booking_meetingresource",
    "booking_move",
    "audit_entry",
)  # where they stand
_COST = "A change could be written that nobody signed, or a confirmation without a proven link."


def check(asked: Asked) -> list[Finding]:
    """Look for every trigger by name, then write an unsigned change and have it refused; keep nothing."""
    missing = sorted(EXPECTED - _present())
    if missing:
        return [Finding("bad", f"Switched off or missing in the database: {', '.join(missing)}.", _COST)]
    if EventType.objects.exists():
        outcome = unsigned_outcome(asked)
        if outcome != UNSIGNED:
            return [Finding("bad", f"An unsigned change was not refused (answer: {outcome}).", _COST)]
    return [Finding("ok", f"{len(EXPECTED)} triggers stand, and an unsigned change was refused.")]


def _present() -> set[str]:
    """Return the triggers of our tables, asked by name: pg_class finds a schema's tables by reading everybody's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname FROM unnest(%s::text[]) AS name JOIN pg_trigger t"
            " ON t.tgrelid = to_regclass(format('%%I.%%I', current_schema(), name))"
            " WHERE NOT t.tgisinternal AND t.tgenabled = 'O'",
            [list(TABLES)],
        )
        return {row[0] for row in cursor.fetchall()}


def unsigned_outcome(asked: Asked) -> str:
    """Write a meeting without a signed entry and have the deferred triggers look now; the SQLSTATE, or "nothing"."""
    start = asked.now + FAR_AHEAD
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            Meeting.objects.create(
                uid=new_uid(),
                event_type=EventType.objects.order_by("pk")[0],
                starts_at=start,
                ends_at=start + timedelta(hours=1),
                blocked=(start, start + timedelta(hours=1)),
                capacity=1,
                location_kind=EventType.Location.IN_PERSON,
                released_at=asked.now,
                created_at=asked.now,
            )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError as error:
        return sqlstate(error) or type(error).__name__
    return "nothing"


PROBE = Probe("triggers", "Nothing is written unsigned", check)
