"""The contention lab: choose a sandbox, a scenario and how many clients; watch the answers come; read the verdict."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from booking.api import MOST_CLIENTS, Answer, NotTestable, start_contention_test, tally
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.staff.chart import chart_of
from tenants.api import ContentionTest, Tenant

SCENARIOS = (
    ("same_slot", "Same slot", "Everybody wants one half hour of one host. One can have it."),
    (
        "round_robin",
        "Round-robin rush",
        "Everybody wants anyone of the team at one start. Each free host is won once.",
    ),
    (
        "overlapping",
        "Overlapping types",
        "Half want an hour, half the half hour inside it. One of all can have it.",
    ),
)
_HISTORY = 20


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def contention(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the form and the tests so far; POST starts one and leads to it (303)."""
    fault = ""
    if request.method == "POST":
        try:
            test = start_contention_test(
                _sandbox(request.POST.get("tenant", "")),
                scenario=request.POST.get("scenario", ""),
                clients=_clients(request.POST.get("clients", "")),
                actor=viewer.actor,
                now=viewer.now,
            )
        except NotTestable as refused:
            fault = refused.message
        else:
            return see_other("staff:contention_test", test_id=test.pk)
    context = {
        "viewer": viewer,
        "here": "contention",
        "sandboxes": Tenant.objects.filter(sandbox=True, ready_at__isnull=False).order_by("name"),
        "scenarios": SCENARIOS,
        "most": MOST_CLIENTS,
        "fault": fault,
        "chosen": request.POST.get("scenario", SCENARIOS[0][0]),
        "clients": request.POST.get("clients", str(MOST_CLIENTS)),
        "tests": ContentionTest.objects.select_related("tenant").order_by("-pk")[:_HISTORY],
    }
    return render(request, "staff/contention.html", context, status=409 if fault else 200)


@require_safe
@portal_page(admins_only=True)
def contention_test(request: HttpRequest, viewer: Viewer, test_id: int) -> HttpResponse:
    """Show one test; the page looks again by itself until there is a verdict."""
    return _test(request, viewer, test_id, "staff/contention_test.html")


@require_safe
@portal_page(admins_only=True)
def contention_progress(request: HttpRequest, viewer: Viewer, test_id: int) -> HttpResponse:
    """The part of that page that changes, for htmx."""
    return _test(request, viewer, test_id, "staff/_contention_test.html")


def _test(request: HttpRequest, viewer: Viewer, test_id: int, template: str) -> HttpResponse:
    test = ContentionTest.objects.select_related("tenant").filter(pk=test_id).first()
    if test is None:
        context = {"viewer": viewer, "here": "contention", "what": "contention test"}
        return render(request, "staff/not_found.html", context, status=404)
    answers = [
        Answer(number, at_ms, latency_ms, status, code)
        for number, at_ms, latency_ms, status, code in test.answers.order_by("at_ms", "number").values_list(
            "number", "at_ms", "latency_ms", "status", "code"
        )
    ]
    context = {
        "viewer": viewer,
        "here": "contention",
        "test": test,
        "scenario": {key: words for key, words, _help in SCENARIOS}.get(test.scenario, test.scenario),
        "is_under_way": test.state in ("queued", "running"),
        "tally": tally(answers),
        "chart": chart_of(answers),
        "codes": _codes(answers),
        "winners": [answer for answer in answers if answer.status == 201],
    }
    return render(request, template, context)


def _codes(answers: list[Answer]) -> list[tuple[str, int]]:
    """Return how often each answer came, in words, most often first."""
    counts: dict[str, int] = {}
    for answer in answers:
        words = (
            "201 booked" if answer.status == 201 else f"{answer.status or 'no answer'} {answer.code}".strip()
        )
        counts[words] = counts.get(words, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _sandbox(slug: str) -> Tenant:
    found: Tenant | None = Tenant.objects.filter(slug=slug, sandbox=True).first()
    if found is None:
        raise NotTestable("Choose one of the sandbox tenants.")
    return found


def _clients(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
