"""Connected calendars that could not be read: read again, live. A person has to sign in where that was refused."""

from datetime import timedelta

from audit.api import Action, Json, NoEffect, Permanent, StepContext, Transient
from booking.models import Host
from booking.repairs.repair import Broken, Repair, Search
from providers.api import CalendarConnection, busy_times

_STATES = CalendarConnection.Status


def find(search: Search) -> list[Broken]:
    """Return the connections whose last reading failed. Two queries."""
    rows = CalendarConnection.objects.exclude(status=_STATES.WORKING).order_by("pk")
    if search.subject:
        rows = rows.filter(pk=int(search.subject.partition(":")[2]))
    found = list(rows)
    names = dict(Host.objects.filter(pk__in=[each.host_id for each in found]).values_list("pk", "name"))
    return [
        Broken(
            f"calendar:{each.pk}",
            f"calendar:{each.pk}",
            f"{names.get(each.host_id, 'A host')}’s calendar: {each.last_error or 'it cannot be read.'}",
            {"connection": each.pk},
            because="Its sign-in was refused: connect it again."
            if each.status == _STATES.UNAUTHORISED
            else "",
        )
        for each in found
    ]


def read(context: StepContext) -> dict[str, Json]:
    """Ask the host's calendars, whatever their age, and keep what they say."""
    found = CalendarConnection.objects.get(pk=context.payload["connection"])
    end = context.now + timedelta(days=1)
    busy_times([found.host_id], start=context.now, end=end, now=context.now, max_age=timedelta(0))
    found.refresh_from_db()
    if found.status == _STATES.UNAUTHORISED:
        raise Permanent(found.last_error or "Its sign-in was refused.", code="unauthorised")
    if found.status != _STATES.WORKING:
        raise Transient(found.last_error or "It cannot be read.", code="calendar_stale")
    return {"connection": found.pk}


read_calendar = Action(name="read_calendar", sentence="Read the calendar again", call=read, undo=NoEffect())
REPAIR = Repair(
    "stale_connection",
    does="Read it again",
    did="Read a calendar again that had not answered",
    find=find,
    actions=(read_calendar.name,),
    every=0,
)
