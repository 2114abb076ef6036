"""What ran: the timeline of everything that happened by itself, newest first, each run with its evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.api import Run, RunView, get_run
from audit.api import runs as find_runs
from portal.business import paging
from portal.business.evidence import evidence_of
from portal.business.viewer import Viewer, portal_page

_PAGE = 30
UNFINISHED = frozenset({"running", "failing"})


@dataclass(frozen=True, slots=True)
class RunDay:
    """The runs that started on one day at the business."""

    date: date
    runs: tuple[RunView, ...]


@require_safe
@portal_page(admins_only=True)
def runs(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show a page of runs before the asked one, grouped by day."""
    before = paging.before(request)
    found = find_runs(limit=_PAGE + 1, before=before)
    shown = found[:_PAGE]
    context = {
        "viewer": viewer,
        "here": "runs",
        "days": by_day(shown, viewer),
        "older": shown[-1].id if len(found) > _PAGE else None,
        "is_first": before is None,
    }
    return render(request, "business/runs.html", context)


@require_safe
@portal_page(admins_only=True)
def run(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """Show one run with everything about it unfolded."""
    try:
        found = get_run(run_id)
    except Run.DoesNotExist:
        return run_not_found(request, viewer)
    context = {
        "viewer": viewer,
        "here": "runs",
        "run": found,
        "evidence": evidence_of(found),
        "is_open": found.state in UNFINISHED,
    }
    return render(request, "business/run.html", context)


def run_not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the portal, with the way back."""
    context = {"viewer": viewer, "here": "runs", "what": "run"}
    return render(request, "business/not_found.html", context, status=404)


def by_day(rows: Iterable[RunView], viewer: Viewer) -> list[RunDay]:
    """Group runs that follow each other by the date of their start at the business."""

    def started_on(row: RunView) -> date:
        return row.started_at.astimezone(viewer.zone).date()

    return [RunDay(on, tuple(group)) for on, group in groupby(rows, key=started_on)]
