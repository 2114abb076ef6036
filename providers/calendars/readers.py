"""Who has a connected calendar, and whose are read for conflicts: known without a query while no calendar changes."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from django.db import connection

from kernel.stamps import stamps
from kernel.tenancy import current_schema
from providers.models.calendars import Calendar

MOST_TENANTS = 1024
_known: OrderedDict[str, tuple[str, dict[int, bool]]] = OrderedDict()
_lock = Lock()


def has_calendars(host_ids: Iterable[int]) -> set[int]:
    """Return those of the hosts that have a connected calendar, to read or to write."""
    return _connected().keys() & set(host_ids)


def hosts_with_conflict_calendars() -> frozenset[int]:
    """Return the ids of the current tenant's hosts of whom at least one calendar is read for busy time."""
    return frozenset(host for host, is_read in _connected().items() if is_read)


def _connected() -> dict[int, bool]:
    """Return the hosts with a calendar, and whether one of theirs is read for busy time."""
    stamp, schema = stamps()["calendars"], current_schema()
    with _lock:
        known = _known.get(schema)
    if known and known[0] == stamp:
        return known[1]
    found: dict[int, bool] = {}
    for host, is_read in Calendar.objects.values_list("host_id", "reads_busy"):
        found[host] = found.get(host, False) or is_read
    if not connection.in_atomic_block:  # what a transaction sees of its own may never be committed
        with _lock:
            _known[schema] = (stamp, found)
            _known.move_to_end(schema)
            if len(_known) > MOST_TENANTS:
                _known.popitem(last=False)
    return found
