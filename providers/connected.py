"""What a business has connected, known without a query while none of it changes: who has calendars, whose are read for
conflicts, and whether programs are told."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from django.db import connection

from kernel.stamps import stamps
from kernel.tenancy import current_schema
from providers.models import WebhookEndpoint
from providers.models.calendars import Calendar

MOST_TENANTS = 1024


@dataclass(frozen=True)
class Connected:
    """The hosts with a calendar and whether one of theirs is read for busy time; whether an endpoint is active."""

    calendars: Mapping[int, bool]
    has_endpoints: bool


_known: OrderedDict[str, tuple[str, Connected]] = OrderedDict()
_lock = Lock()


def has_calendars(host_ids: Iterable[int]) -> set[int]:
    """Return those of the hosts that have a connected calendar, to read or to write."""
    return _connected().calendars.keys() & set(host_ids)


def hosts_with_conflict_calendars() -> frozenset[int]:
    """Return the ids of the current tenant's hosts of whom at least one calendar is read for busy time."""
    return frozenset(host for host, is_read in _connected().calendars.items() if is_read)


def has_webhook_endpoints() -> bool:
    """Say whether anybody wants notices at all."""
    return _connected().has_endpoints


def _connected() -> Connected:
    stamp, schema = stamps()["calendars"], current_schema()
    with _lock:
        known = _known.get(schema)
    if known and known[0] == stamp:
        return known[1]
    calendars: dict[int, bool] = {}
    for host, is_read in Calendar.objects.values_list("host_id", "reads_busy"):
        calendars[host] = calendars.get(host, False) or is_read
    found = Connected(calendars, WebhookEndpoint.objects.filter(active=True).exists())
    if not connection.in_atomic_block:  # what a transaction sees of its own may never be committed
        with _lock:
            _known[schema] = (stamp, found)
            _known.move_to_end(schema)
            if len(_known) > MOST_TENANTS:
                _known.popitem(last=False)
    return found
