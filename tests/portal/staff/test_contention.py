"""The lab's pages: a form for sandboxes only, figures that the SVG and its table share, a verdict, the history."""

import pytest
from django.test import Client

from booking.api import Answer
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from portal.staff.chart import BARS, HEIGHT, chart_of
from tenants.api import ContentionAnswer, ContentionTest, Tenant
from tests.database import World
from tests.portal.business.test_booking import words


@pytest.fixture
def bench(world: World) -> Tenant:
    """Acme, marked as a sandbox."""
    with entered(PUBLIC):
        Tenant.objects.filter(slug="acme").update(sandbox=True)
        found: Tenant = Tenant.objects.get(slug="acme")
    return found


def test_without_a_sandbox_it_says_how_to_make_one(world: World, sam: Client) -> None:
    said = words(sam.get("/contention/").content)
    assert "bin/holdfast sandbox" in said
    assert "Run the test" not in said


def test_a_test_is_started_and_its_page_looks_again_until_the_verdict(bench: Tenant, sam: Client) -> None:
    sent = sam.post("/contention/", {"tenant": "acme", "scenario": "same_slot", "clients": "50"})
    assert (sent.status_code, sent["Location"]) == (303, "/contention/1/")
    page = sam.get("/contention/1/").content.decode()
    assert "Waiting for a worker" in page
    assert 'hx-get="/contention/1/progress/"' in page
    ContentionTest.objects.update(
        state="done", passed=True, verdict="50 clients wanted one slot: …", finished_at=now()
    )
    test = ContentionTest.objects.get()
    ContentionAnswer.objects.bulk_create(
        ContentionAnswer(
            test=test, number=n, at_ms=40 * n, latency_ms=n, status=409 if n else 201, code="slot_taken"
        )
        for n in range(50)
    )
    page = sam.get("/contention/1/progress/").content.decode()
    assert "hx-get" not in page
    said = words(page.encode())
    assert "Booked 1 Refused clearly 49 Errors 0" in said
    assert "409 slot_taken 49" in said
    assert 'role="img" aria-label="1 booked, 49 refused, 0 errors' in page
    assert "50 clients wanted one slot: … Held" in words(sam.get("/contention/").content)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (
            {"tenant": "northwind", "scenario": "same_slot", "clients": "5"},
            "Choose one of the sandbox tenants",
        ),
        ({"tenant": "acme", "scenario": "same_slot", "clients": "many"}, "1 to 200 clients"),
        ({"tenant": "acme", "scenario": "same_slot", "clients": "201"}, "1 to 200 clients"),
        ({}, "Choose one of the sandbox tenants"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(
    bench: Tenant, sam: Client, sent: dict[str, str], said: str
) -> None:
    answer = sam.post("/contention/", sent)
    assert answer.status_code == 409
    assert said in words(answer.content)
    assert not ContentionTest.objects.exists()


def test_a_test_that_is_not_there_is_a_404(world: World, sam: Client) -> None:
    answer = sam.get("/contention/7/")
    assert (answer.status_code, "No such contention test" in words(answer.content)) == (404, True)


@pytest.mark.parametrize("last_ms", [0, 9, 1_000, 60_000, 400_000])
def test_the_chart_says_in_its_table_what_it_draws(last_ms: int) -> None:
    ends = [(0, 201), (last_ms, 409), (last_ms, 409), (last_ms // 2, 0)]
    chart = chart_of([Answer(n, at, 5, status, "") for n, (at, status) in enumerate(ends)])
    counted = [sum(getattr(line, kind) for line in chart.lines) for kind in ("booked", "refused", "error")]
    assert counted == [1, 2, 1]
    assert len(chart.lines) <= 10 * BARS
    assert all(part.y >= 0 and part.y + part.height <= HEIGHT for part in chart.parts)


def test_a_chart_of_nothing_is_empty() -> None:
    assert (chart_of([]).parts, chart_of([]).lines) == ((), ())
