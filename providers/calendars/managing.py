"""What people do with connected calendars: look at them, choose what each is for, disconnect. All signed."""

from collections.abc import Collection, Iterable

from django.db import transaction

from audit.api import Actor, Json
from kernel.errors import HoldfastError
from providers.calendars.accounts import end_grant
from providers.calendars.channels import close_channels
from providers.calendars.connections import sign_connection
from providers.models.calendars import Calendar, CalendarConnection
from providers.models.oauth import OAuthAccount
from providers.oauth.vendors import vendor


class ConnectionNotFound(HoldfastError):
    """There is no such calendar connection in this tenant."""

    code = "not_found"


def calendar_connections(host_ids: Iterable[int] | None = None) -> list[CalendarConnection]:
    """Return the connections with their calendars, of these hosts or of all, oldest first. Two queries."""
    found = (
        CalendarConnection.objects.select_related("account")
        .prefetch_related("calendars")
        .order_by("host_id", "pk")
    )
    return list(found if host_ids is None else found.filter(host_id__in=list(host_ids)))


def get_calendar_connection(connection_id: int) -> CalendarConnection:
    """Return one connection with its calendars; raises ConnectionNotFound."""
    rows = CalendarConnection.objects.select_related("account").prefetch_related("calendars")
    found = rows.filter(pk=connection_id).first()
    if found is None:
        raise ConnectionNotFound("This calendar connection does not exist.")
    return found


def choose_calendars(
    connection: CalendarConnection, *, reads: Collection[int], writes: int | None, actor: Actor
) -> None:
    """Say which of the connection's calendars are read for conflicts, and which one is written to (None: none).

    A host has one destination calendar, never a published file; choosing one here takes the task from any other of
    that host's.
    """
    with transaction.atomic():
        own = connection.calendars.select_for_update().order_by("pk")
        known = {calendar.pk for calendar in own}
        wanted = known.intersection(reads)
        target = writes if writes in known and connection.kind != CalendarConnection.FEED else None
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


def disconnect_calendar(connection: CalendarConnection, *, actor: Actor) -> str:
    """Forget the account, its sealed password or tokens and everything read from it; revoke what was granted.

    Our events stay where they are. Returns what became of the grant: "revoked", "kept" (another host uses it),
    "not revoked" (the vendor did not do it, or cannot), "" where there was a password. Never in a transaction
    when there is an account.
    """
    account = connection.account
    if account is not None:
        rows = connection.calendars.select_related("connection__account").prefetch_related("channels")
        close_channels(list(rows))
    ended = end_grant(account, vendor(account.vendor)) if account is not None else ""
    with transaction.atomic():
        facts: dict[str, Json] = {"grant": ended} if ended else {}
        sign_connection("disconnect_calendar", connection, actor, **facts)
        CalendarConnection.objects.filter(pk=connection.pk).delete()
        if account is not None:
            OAuthAccount.objects.filter(pk=account.pk).delete()
    return ended
