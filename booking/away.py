"""Out of office: when a host is away, said and taken back. Meetings that are booked stand.

`absences` reads, `add_absence` and `end_absence` are each other's inverse: the entry holds all of it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from audit.api import Actor, Json, record
from booking.core.hours import Away, Span
from booking.models import Host, OutOfOffice
from kernel.errors import HoldfastError

MOST_DAYS = 731
MOST_ABSENCES = 100  # of one host, to come


class InvalidAbsence(HoldfastError):
    """The dates or the redirect make no sense; the message says why."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A stored absence: `part` is None for whole days; `redirect` is who takes meetings meanwhile."""

    id: int
    first_date: date
    last_date: date
    part: Span | None
    redirect: Host | None

    @property
    def away(self) -> Away:
        """The same as the core takes it."""
        return Away(self.first_date, self.last_date, self.part)


def absences(host: Host, *, since: date) -> list[Absence]:
    """Return the host's absences that end on `since` or later, in order; one query."""
    rows = OutOfOffice.objects.filter(host=host, last_date__gte=since).select_related("redirect")
    return [_absence(row) for row in rows.order_by("first_date", "start_minute", "pk")]


def add_absence(
    host: Host,
    first: date,
    last: date,
    *,
    part: Span | None,
    redirect: Host | None,
    now: datetime,
    actor: Actor,
) -> Absence:
    """Store an absence from `first` to `last`, both included. Raises InvalidAbsence."""
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidAbsence(f"The last day is not before the first, and at most {MOST_DAYS} days away.")
    if part is not None and not (
        0 <= part.start_minute < 1440 and part.start_minute < part.end_minute <= 2880
    ):
        raise InvalidAbsence("A part of the day begins and then ends, within a day.")
    if redirect is not None and (redirect.pk == host.pk or not redirect.active):
        raise InvalidAbsence("Choose another host who takes bookings, or nobody.")
    with transaction.atomic():
        Host.objects.select_for_update().get(pk=host.pk)
        known = OutOfOffice.objects.filter(host=host, last_date__gte=now.date())
        if known.count() >= MOST_ABSENCES:
            raise InvalidAbsence(f"At most {MOST_ABSENCES} absences lie ahead. Delete one first.")
        row = OutOfOffice.objects.create(
            host=host,
            first_date=first,
            last_date=last,
            start_minute=part.start_minute if part else None,
            end_minute=part.end_minute if part else None,
            redirect=redirect,
        )
        record("add_out_of_office", subject=f"host:{host.pk}", actor=actor, payload=_facts(row))
    return _absence(row)


def end_absence(host: Host, absence_id: int, *, actor: Actor) -> bool:
    """Delete an absence: the hours count again. False when it was gone already."""
    with transaction.atomic():
        row = OutOfOffice.objects.select_for_update().filter(host=host, pk=absence_id).first()
        if row is None:
            return False
        record("end_out_of_office", subject=f"host:{host.pk}", actor=actor, payload=_facts(row))
        row.delete()
    return True


def _absence(row: OutOfOffice) -> Absence:
    part = None
    if row.start_minute is not None and row.end_minute is not None:
        part = Span(row.start_minute, row.end_minute)
    return Absence(row.pk, row.first_date, row.last_date, part, row.redirect)


def _facts(row: OutOfOffice) -> dict[str, Json]:
    return {
        "absence": row.pk,
        "first": str(row.first_date),
        "last": str(row.last_date),
        "part": None if row.start_minute is None else [row.start_minute, row.end_minute],
        "redirect": row.redirect_id,
    }
