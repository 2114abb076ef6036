"""What people do with connected calendars: look at them, choose what each is for, disconnect. All signed."""

from collections.abc import Collection, Iterable

from django.db import transaction

from audit.api import Actor
from kernel.errors import HoldfastError
from providers.calendars.connections import sign_connection
from providers.models.calendars import Calendar, CalendarConnection


class ConnectionNotFound(HoldfastError):
    """There is no such calendar connection in this tenant."""

    code = "not_found"


def calendar_connections(host_ids: Iterable[int] | None = None) -> list[CalendarConnection]:
    """Return the connections with their calendars, of these hosts or of all, oldest first. Two queries."""
    found = CalendarConnection.objects.prefetch_related("calendars").order_by("host_id", "pk")
    return list(found if host_ids is None else found.filter(host_id__in=list(host_ids)))


def get_calendar_connection(connection_id: int) -> CalendarConnection:
    """Return one connection with its calendars; raises ConnectionNotFound."""
    found = CalendarConnection.objects.prefetch_related("calendars").filter(pk=connection_id).first()
    if found is None:
        raise ConnectionNotFound("This calendar connection does not exist.")
    return found


def choose_calendars(
    connection: CalendarConnection, *, reads: Collection[int], writes: int | None, actor: Actor
) -> None:
    """Say which of the connection's calendars are read for conflicts, and which one is written to (None: none).

    A host has one destination calendar: choosing one here takes the task from any other of that host's.
    """
    with transaction.atomic():
        own = connection.calendars.select_for_update().order_by("pk")
        known = {calendar.pk for calendar in own}
        wanted, target = known.intersection(reads), writes if writes in known else None
        connection.calendars.filter(pk__in=wanted).update(reads_busy=True)
        connection.calendars.exclude(pk__in=wanted).update(
            reads_busy=False, failed_at=None, failed_words="", read_at=None, covers_from=None, horizon=None
        )
        others = Calendar.objects.filter(host_id=connection.host_id, is_destination=True)
        if target is not None:
            others.exclude(pk=target).update(is_destination=False)
            connection.calendars.filter(pk=target).update(is_destination=True)
        else:
            others.filter(connection=connection).update(is_destination=False)
        sign_connection(
            "choose_calendars",
            connection,
            actor,
            reads=[str(pk) for pk in sorted(wanted)],
            writes=None if target is None else str(target),
        )


def disconnect_calendar(connection: CalendarConnection, *, actor: Actor) -> None:
    """Forget the account, its sealed password and everything read from it. Our events stay where they are."""
    with transaction.atomic():
        sign_connection("disconnect_calendar", connection, actor)
        CalendarConnection.objects.filter(pk=connection.pk).delete()
