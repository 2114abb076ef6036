"""Undo: the page says the consequences before anything happens, POST does it, the result is said in words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from audit.api import Run, RunView, StepView, UndoPreview, UndoRefused, get_run, get_step
from audit.api import undo_preview as preview_of_run
from audit.api import undo_run as perform_undo_run
from audit.api import undo_step as perform_undo_step
from audit.api import undo_step_preview as preview_of_step
from portal.business.redirects import see_other
from portal.business.runs import run_not_found
from portal.business.viewer import Viewer, portal_page


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def undo_run(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """Say what undoing the whole run would do; POST does it and leads to the run that undoes it (303)."""
    try:
        run = get_run(run_id)
    except Run.DoesNotExist:
        return run_not_found(request, viewer)
    fault = ""
    if request.method == "POST":
        try:
            undoing = perform_undo_run(run_id, actor=viewer.actor, now=viewer.now)
        except UndoRefused as refusal:
            fault = refusal.words
        else:
            return see_other("business:run", run_id=undoing.pk)
    preview = preview_of_run(Run.objects.get(pk=run_id), now=viewer.now)
    return _page(request, viewer, run, None, preview=preview, fault=fault)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def undo_step(request: HttpRequest, viewer: Viewer, run_id: int, step_id: int) -> HttpResponse:
    """Say what undoing one step would do; where a later step depends on it, the run is offered instead."""
    try:
        run = get_run(run_id)
    except Run.DoesNotExist:
        return run_not_found(request, viewer)
    step = next((step for step in run.steps if step.id == step_id), None)
    if step is None:
        return run_not_found(request, viewer)
    fault = ""
    if request.method == "POST":
        try:
            perform_undo_step(step_id, actor=viewer.actor, now=viewer.now)
        except UndoRefused as refusal:
            fault = refusal.words
        else:
            return see_other("business:run", run_id=run_id)
    preview = preview_of_step(get_step(step_id))
    return _page(request, viewer, run, step, preview=preview, fault=fault)


def _page(
    request: HttpRequest,
    viewer: Viewer,
    run: RunView,
    step: StepView | None,
    *,
    preview: UndoPreview,
    fault: str,
) -> HttpResponse:
    context = {
        "viewer": viewer,
        "here": "runs",
        "run": run,
        "step": step,
        "preview": preview,
        "fault": fault,
    }
    return render(request, "business/undo.html", context, status=409 if fault else 200)
