"""Whose calendars are read for conflicts: known without a query while no calendar changes."""

from collections import OrderedDict
from threading import Lock

from django.db import connection

from kernel.stamps import stamps
from kernel.tenancy import current_schema
from providers.models.calendars import Calendar

MOST_TENANTS = 1024
_known: OrderedDict[str, tuple[str, frozenset[int]]] = OrderedDict()
_lock = Lock()


def hosts_with_conflict_calendars() -> frozenset[int]:
    """Return the ids of the current tenant's hosts of whom at least one calendar is read for busy time."""
    stamp, schema = stamps()["calendars"], current_schema()
    with _lock:
        known = _known.get(schema)
    if known and known[0] == stamp:
        return known[1]
    hosts = frozenset(Calendar.objects.filter(reads_busy=True).values_list("host_id", flat=True))
    if not connection.in_atomic_block:  # what a transaction sees of its own may never be committed
        with _lock:
            _known[schema] = (stamp, hosts)
            _known.move_to_end(schema)
            if len(_known) > MOST_TENANTS:
                _known.popitem(last=False)
    return hosts
