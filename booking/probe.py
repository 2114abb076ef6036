"""Is the guard there? Calls the booking function for real, and takes everything back (readyz)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from booking.guard import GuardBroken, TimeRange, ask
from booking.models import EventType
from kernel.ids import new_uid

FAR_AHEAD = timedelta(days=36_500)


def probe_hold(*, now: datetime) -> None:
    """In the current tenant: hold a slot a hundred years ahead, see it refused the second time, roll back.

    Raises `GuardBroken`, or a database error when the database cannot answer. A tenant without any meeting
    type has nothing to book and passes.
    """
    with transaction.atomic():
        event_type = EventType.objects.filter(hosts__isnull=False).order_by("pk").first()
        outcomes = [_try(event_type, now + FAR_AHEAD) for _ in range(2)] if event_type else []
        transaction.set_rollback(True)
    if outcomes not in ([], ["held", "slot_taken"]):
        raise GuardBroken(
            f"The booking function answered {' and '.join(outcomes)}; held and slot_taken is right."
        )


def _try(event_type: EventType, start: datetime) -> str:
    end = start + timedelta(minutes=event_type.duration_minutes)
    host_id: Any = event_type.hosts.order_by("pk").values_list("pk", flat=True)[0]
    meeting = {
        "uid": new_uid(),
        "event_type": event_type.pk,
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
