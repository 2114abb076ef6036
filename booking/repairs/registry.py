"""Every repair that the fixer knows, the most urgent first."""

from booking.repairs import (
    broken_guard,
    dead_room_link,
    expired_hold,
    missing_event,
    stale_connection,
    stuck_run,
    unsent_message,
    unsent_webhook,
)
from booking.repairs.repair import Repair

REPAIRS: tuple[Repair, ...] = (
    broken_guard.REPAIR,
    stuck_run.REPAIR,
    dead_room_link.REPAIR,
    stale_connection.REPAIR,
    unsent_message.REPAIR,
    missing_event.REPAIR,
    unsent_webhook.REPAIR,
    expired_hold.REPAIR,
)
BY_NAME = {repair.name: repair for repair in REPAIRS}
