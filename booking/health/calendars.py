"""How old are the connected calendars' readings? Each is read now, so that its age is known and bounded."""

from datetime import timedelta

from booking.health.findings import Asked, Finding, Probe
from booking.models import Host
from booking.sentences import when
from providers.api import CalendarConnection, busy_times

FRESH = timedelta(minutes=4)


def check(asked: Asked) -> list[Finding]:
    """Refresh every conflict calendar older than four minutes, then say of each connection how it stands."""
    connections = list(CalendarConnection.objects.order_by("pk"))
    if not connections:
        return [Finding("ok", "No calendar is connected.")]
    hosts = {
        host.pk: host.name for host in Host.objects.filter(pk__in={each.host_id for each in connections})
    }
    busy_times(hosts, start=asked.now, end=asked.now + timedelta(days=1), now=asked.now, max_age=FRESH)
    faults = [
        _fault(each, hosts.get(each.host_id, "a host"))
        for each in CalendarConnection.objects.order_by("pk")
        if each.status != CalendarConnection.Status.WORKING
    ]
    return faults or [Finding("ok", f"{_counted(len(connections))} read within the last minutes.")]


def _fault(connection: CalendarConnection, name: str) -> Finding:
    good = f"last read {when(connection.last_good_at)}" if connection.last_good_at else "never read"
    refused = connection.status == CalendarConnection.Status.UNAUTHORISED
    why = connection.last_error or "It cannot be read."
    return Finding(
        "bad",
        f"{name}’s calendar: {why} ({good})" + (" Connect it again." if refused else ""),
        consequence=f"Clients see no slots of {name}.",
        subject=f"calendar:{connection.pk}",
        repair="" if refused else "stale_connection",
    )


def _counted(number: int) -> str:
    return "The connected calendar was" if number == 1 else f"All {number} connected calendars were"


PROBE = Probe("calendars", "Calendars are fresh", check)
