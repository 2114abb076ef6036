"""Is the guard there? Calls the booking function for real, and takes everything back (readyz)."""

from datetime import datetime, timedelta

from django.db import transaction

from booking.guard import GuardBroken, TimeRange, ask
from booking.models import EventTypeHost
from kernel.ids import new_uid

FAR_AHEAD = timedelta(days=36_500)


def probe_hold(*, now: datetime) -> None:
    """In the current tenant: hold a slot a hundred years ahead, see it refused the second time, roll back.

    Raises `GuardBroken`, or a database error when the database cannot answer. A tenant without any meeting
    type has nothing to book and passes.
    """
    with transaction.atomic():
        offered = EventTypeHost.objects.order_by("event_type_id", "host_id")
        one = offered.values_list("event_type_id", "event_type__duration_minutes", "host_id").first()
        outcomes = [_try(*one, start=now + FAR_AHEAD) for _ in range(2)] if one else []
        transaction.set_rollback(True)
    if outcomes not in ([], ["held", "slot_taken"]):
        raise GuardBroken(
            f"The booking function answered {' and '.join(outcomes)}; held and slot_taken is right."
        )


def _try(event_type_id: int, minutes: int, host_id: int, *, start: datetime) -> str:
    end = start + timedelta(minutes=minutes)
    meeting = {
        "uid": new_uid(),
        "event_type": event_type_id,
        "starts_at": start.isoformat(),
        "ends_at": end.isoformat(),
        "capacity": 1,
        "location_kind": "in_person",
        "location_detail": "",
    }
    booking = {
        "uid": new_uid(),
        "status": "held",
        "seconds": 60,
        "time_zone": "UTC",
        "source": "api",
        "visitor": "probe",
        "name": "",
        "email": "",
        "guests": [],
        "answers": {},
    }
    answer = ask(
        "hold_v1", meeting, TimeRange((start, end)), [[host_id]], False, booking, None, 1_000_000, None, None
    )
    return str(answer["outcome"])
