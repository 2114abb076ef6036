"""What needs somebody: each with what it does to clients, and the one act that helps."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.urls import NoReverseMatch, reverse

from audit.api import RunView, recent_runs
from booking.api import Host, Incident, booking_sentence, incidents, pending_bookings
from portal.business import times
from portal.business.viewer import Viewer
from providers.api import CalendarConnection, failing_connections

_SHOWN = 5
_FAILED_SINCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person. `act` and `address` are "" where this user can only know of it."""

    tone: str
    title: str
    consequence: str
    act: str = ""
    address: str = ""


def needs(viewer: Viewer, *, subjects: Collection[str] | None) -> tuple[Need, ...]:
    """Return what needs this viewer, gravest first; `subjects` are the meetings of a host, None for all."""
    known = [each for each in incidents() if subjects is None or each.subject in subjects]
    return (
        *_pause(viewer),
        *(_incident(each, viewer) for each in known[:_SHOWN]),
        *_calendars(viewer, {each.subject for each in known}),
        *_failures(viewer, subjects),
        *_approvals(viewer),
    )


def _pause(viewer: Viewer) -> tuple[Need, ...]:
    since = viewer.tenant.paused_at
    if since is None:
        return ()
    words = f"Since {times.moment(since, viewer.zone, viewer.today)} your page offers no time. What is booked stands."
    address = f"{page_address('business:settings')}#pause" if viewer.sees_everything else ""
    return (
        Need("warn", "New bookings are paused", words, "Take bookings again" if address else "", address),
    )


def _incident(incident: Incident, viewer: Viewer) -> Need:
    address = page_address("business:health") if viewer.sees_everything else ""
    act = ("Repair it" if incident.repair else "Look at it") if address else ""
    return Need("bad", incident.title, incident.consequence, act, address)


def _calendars(viewer: Viewer, known: Collection[str]) -> tuple[Need, ...]:
    """Return the connections that cannot be read; those that an incident names already are left out."""
    broken = [each for each in failing_connections(viewer.only_host) if f"calendar:{each.pk}" not in known]
    if not broken:
        return ()
    names = dict(Host.objects.filter(pk__in={each.host_id for each in broken}).values_list("pk", "name"))
    address = page_address("business:connections")
    return tuple(_calendar(each, names.get(each.host_id, "A host"), viewer, address) for each in broken)


def _calendar(connection: CalendarConnection, name: str, viewer: Viewer, address: str) -> Need:
    refused = connection.status == CalendarConnection.Status.UNAUTHORISED
    good = connection.last_good_at
    last = f" It was last read {times.ago(good, viewer.now, viewer.zone)}." if good else ""
    why = "refuses the sign-in" if refused else "cannot be read"
    words = f"Clients see no time of {name} until it answers again.{last}"
    return Need(
        "bad", f"{name}’s calendar {why}", words, "Look at the connection" if address else "", address
    )


def _failures(viewer: Viewer, subjects: Collection[str] | None) -> tuple[Need, ...]:
    """Return the runs that failed of late; one that became an incident is told there, or was settled there."""
    since = viewer.now - _FAILED_SINCE
    failed = recent_runs(since=since, limit=_SHOWN, subjects=subjects, failed_only=True).newest
    told = failed and set(
        Incident.objects.filter(run_id__in=[run.id for run in failed]).values_list("run_id", flat=True)
    )
    return tuple(_failure(run, viewer) for run in failed if run.id not in told)


def _failure(run: RunView, viewer: Viewer) -> Need:
    address = reverse("business:run", kwargs={"run_id": run.id}) if viewer.sees_everything else ""
    words = run.failure_words or "It stopped, and what it had started was taken back."
    return Need("bad", run.sentence, words, "See what happened" if address else "", address)


def _approvals(viewer: Viewer) -> tuple[Need, ...]:
    waiting = pending_bookings(now=viewer.now, limit=_SHOWN, host_id=viewer.only_host)
    return tuple(
        Need(
            "warn",
            f"{booking_sentence(each)} waits for approval",
            f"{times.moment(each.meeting.starts_at, viewer.zone, viewer.today)} stays blocked, and is given back "
            f"{times.until(each.expires_at or viewer.now, viewer.now) or 'when its deadline passes'}.",
            "Decide",
            reverse("business:booking", kwargs={"uid": each.uid}),
        )
        for each in waiting
    )


def page_address(name: str) -> str:
    """Return the address of a page of the portal, "" where this installation does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
