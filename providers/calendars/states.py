"""How the connected calendars of several hosts are doing, for a list of people."""

from collections.abc import Sequence

from providers.models.calendars import CalendarConnection

_WORST_FIRST = ("unauthorised", "failing", "working")


def calendar_states(host_ids: Sequence[int]) -> dict[int, str]:
    """Return the worst state of each host's connections ("working", "failing", "unauthorised"); one query.

    A host without connections is not in the answer.
    """
    rows = CalendarConnection.objects.filter(host_id__in=host_ids).values_list("host_id", "status")
    found: dict[int, str] = {}
    for host_id, status in rows:
        known = found.get(host_id, status)
        found[host_id] = min(known, status, key=_WORST_FIRST.index)
    return found
