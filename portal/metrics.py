"""GET /metrics in Prometheus' text format 0.0.4: jobs, bookings and health of each business, this process.

For whoever sends HOLDFAST_METRICS_TOKEN as `Authorization: Bearer …`; without such a setting, for a direct
connection from this machine that no proxy passed on. Everybody else gets a plain 404. Names and counts only.
Cost: two statements, and four for each business.
"""

import hmac
import ipaddress
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_GET

from booking.api import Booking, HealthSummary, health_summary
from jobs.api import Job
from kernel.clock import now as read_now
from kernel.tenancy import entered
from tenants.api import Tenant

_STARTED_AT = time.time()
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
_UNFINISHED = (Job.State.QUEUED, Job.State.LEASED, Job.State.PARKED)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics as text, or 404 to whom they do not concern."""
    if not _may_read(request):
        return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8")
    lines = [*_process_lines(), *_job_lines(now=read_now()), *_business_lines()]
    response = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


def _may_read(request: HttpRequest) -> bool:
    token = str(getattr(settings, "HOLDFAST_METRICS_TOKEN", ""))
    if token:
        said = str(request.META.get("HTTP_AUTHORIZATION", ""))
        return hmac.compare_digest(said.encode(), f"Bearer {token}".encode())
    if any(name in request.META for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        return False


def _process_lines() -> Iterator[str]:
    yield from _gauge(
        "process_start_time_seconds", "Start of this process, Unix time.", [({}, round(_STARTED_AT, 3))]
    )
    yield "# HELP process_cpu_seconds_total CPU time that this process has used."
    yield "# TYPE process_cpu_seconds_total counter"
    yield f"process_cpu_seconds_total {time.process_time():.3f}"
    memory = _resident_bytes()
    if memory is not None:
        yield from _gauge("process_resident_memory_bytes", "Memory that this process holds.", [({}, memory)])


def _job_lines(*, now: datetime) -> Iterator[str]:
    counts = {str(state): 0 for state in _UNFINISHED}
    counts.update(
        Job.objects.filter(state__in=_UNFINISHED)
        .values_list("state")
        .annotate(rows=Count("pk"))
        .order_by("state")
    )
    yield from _gauge(
        "holdfast_jobs",
        "Jobs that are not done, by state.",
        [({"state": state}, n) for state, n in counts.items()],
    )
    overdue = Q(state__in=[Job.State.QUEUED, Job.State.LEASED], due_at__lte=now)
    oldest: datetime | None = Job.objects.filter(overdue).aggregate(oldest=Min("due_at"))["oldest"]
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield from _gauge(
        "holdfast_jobs_oldest_due_seconds", "Age of the oldest job that is due.", [({}, round(age, 3))]
    )


def _business_lines() -> Iterator[str]:
    businesses = Tenant.objects.filter(kind=Tenant.Kind.BUSINESS, ready_at__isnull=False).order_by("pk")
    bookings: list[tuple[Mapping[str, str], float]] = []
    found: list[tuple[Mapping[str, str], HealthSummary]] = []
    for schema, slug in businesses.values_list("schema_name", "slug"):
        with entered(schema):
            counts = Booking.objects.values_list("status").annotate(rows=Count("pk")).order_by("status")
            bookings += [({"tenant": slug, "status": status}, rows) for status, rows in counts]
            found.append(({"tenant": slug}, health_summary()))
    yield from _gauge("holdfast_bookings", "Bookings by business and status.", bookings)
    yield from _gauge(
        "holdfast_incidents_open",
        "Incidents that nobody has resolved.",
        [(labels, summary.open_incidents) for labels, summary in found],
    )
    yield from _gauge(
        "holdfast_promises_not_kept",
        "Probes of the health check whose last reading was bad.",
        [(labels, summary.bad_probes) for labels, summary in found],
    )
    yield from _gauge(
        "holdfast_health_checked_time_seconds",
        "When the health check last looked, Unix time; missing until it did.",
        [
            (labels, round(summary.checked_at.timestamp(), 3))
            for labels, summary in found
            if summary.checked_at
        ],
    )


def _gauge(name: str, words: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{inner}}} {value}" if inner else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _resident_bytes() -> int | None:
    """Return this process's resident set from /proc, None where there is none (not Linux)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None
