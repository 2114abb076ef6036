"""Onboarding from the console: one form, a page that shows each step as it happens, Retry and Roll back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.api import NotStopped, Run, RunView, get_run, resume_run, roll_back_run
from jobs.api import owner_job_waits_since
from portal.business.redirects import see_other
from portal.business.runs import run_not_found
from portal.business.viewer import Viewer, portal_page
from portal.public.zones import zone_groups
from portal.staff.business import first_password_link
from portal.staff.fleet import NO_OWNER
from portal.staff.forms import OnboardingForm
from tenants.api import NameTaken, Tenant, address_of, base_host, name_fault, onboard, taken_fault

WORKFLOW = "onboarding"


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def new(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the form; POST starts the onboarding and leads to its progress (303), or shows what is wrong."""
    host = base_host()
    form = OnboardingForm(
        request.POST if request.method == "POST" else None,
        base_host=host,
        initial={"time_zone": viewer.tenant.time_zone, "mode": Tenant.Mode.CLIENT_FACING},
    )
    if request.method == "POST" and form.is_valid():
        try:
            run = onboard(**form.wanted(), actor=viewer.actor, now=viewer.now)
        except NameTaken as taken:
            form.add_error("slug", taken.message)
        else:
            return see_other("staff:onboarding", run_id=run.pk)
    context = {
        "viewer": viewer,
        "here": "businesses",
        "form": form,
        "base_host": host,
        "zones": zone_groups(viewer.now),
        "zone": form["time_zone"].value(),
        "mode": form["mode"].value(),
    }
    return render(request, "staff/new.html", context, status=400 if form.errors else 200)


@require_safe
@portal_page(admins_only=True)
def link_name(request: HttpRequest, viewer: Viewer) -> HttpResponse:  # noqa: ARG001  the gate's signature
    """Say whether a link name is free, as a fragment for the form; asked while it is typed."""
    name, host = request.GET.get("slug", "").strip().lower(), base_host()
    fault = name_fault(name) or taken_fault(name, base_host=host)
    said = {"fault": fault, "address": "" if fault else address_of(f"{name}.{host}", "/")}
    return render(request, "staff/_link_name.html", said)


@require_safe
@portal_page(admins_only=True)
def onboarding(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """Show how far an onboarding is; the page looks again by itself until it has ended."""
    return _progress(request, viewer, run_id, "staff/onboarding.html")


@require_safe
@portal_page(admins_only=True)
def onboarding_progress(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """The part of that page that changes, for htmx."""
    return _progress(request, viewer, run_id, "staff/_onboarding.html")


@require_POST
@portal_page(admins_only=True)
def retry(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """Try the failed step again and go on from there (303)."""
    return _decide(request, viewer, run_id, resume=True)


@require_POST
@portal_page(admins_only=True)
def roll_back(request: HttpRequest, viewer: Viewer, run_id: int) -> HttpResponse:
    """Take back what was done, backwards (303)."""
    return _decide(request, viewer, run_id, resume=False)


def _decide(request: HttpRequest, viewer: Viewer, run_id: int, *, resume: bool) -> HttpResponse:
    if _onboarding(run_id) is None:
        return run_not_found(request, viewer)
    try:
        (resume_run if resume else roll_back_run)(run_id, actor=viewer.actor, now=viewer.now)
    except NotStopped as decided:
        messages.error(request, decided.message)
    return see_other("staff:onboarding", run_id=run_id)


def _progress(request: HttpRequest, viewer: Viewer, run_id: int, template: str) -> HttpResponse:
    run = _onboarding(run_id)
    if run is None:
        return run_not_found(request, viewer)
    row = Run.objects.get(pk=run_id)
    tenant = Tenant.objects.filter(schema_name=row.payload["schema"]).first()
    waits_since = owner_job_waits_since()
    context = {
        "viewer": viewer,
        "here": "businesses",
        "run": run,
        "business": row.payload,
        "tenant": tenant,
        "address": address_of(row.payload["domain"], "/"),
        "is_under_way": run.state in ("running", "failing"),
        "no_owner": waits_since is not None and viewer.now - waits_since > NO_OWNER,
        "password_link": first_password_link(tenant) if tenant and run.state == "done" else "",
    }
    return render(request, template, context)


def _onboarding(run_id: int) -> RunView | None:
    """Return the run if it is an onboarding."""
    try:
        found = get_run(run_id)
    except Run.DoesNotExist:
        return None
    return found if found.workflow == WORKFLOW else None
