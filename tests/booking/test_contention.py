"""The contention lab: what its answers must add up to, whom its pass lets in, a verdict that the database gives."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from django.test import Client

from audit.api import body_of_entry, entries
from booking.api import Answer, NotTestable, make_pass, start_contention_test, tally
from booking.contention import performing
from booking.contention.rush import NothingToWant, Plan, Site
from booking.contention.verdict import passed, sentence
from jobs.api import Job, drain
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tenants.api import ContentionTest, Tenant, subject_of
from tests.audit.sagas.toy import make_due
from tests.booking.scene import booked, workday
from tests.database import World
from tests.tenants.onboarding import SAM


def answers(booked: int, refused: int, other: Sequence[tuple[int, str]] = ()) -> list[Answer]:
    """Return so many answers; the slowest took as many milliseconds as there are."""
    ends = [(201, "")] * booked + [(409, "slot_taken")] * refused + list(other)
    return [Answer(n, 10 * n, n + 1, status, code) for n, (status, code) in enumerate(ends)]


def test_the_verdict_is_one_sentence() -> None:
    said = sentence(tally(answers(1, 199)), scenario="same_slot", clients=200, overlaps=0)
    assert said == "200 clients wanted one slot: 1 booking, 199 clear refusals, 0 overlaps, 0 errors."
    said = sentence(tally(answers(2, 0, [(0, "timed_out")])), scenario="round_robin", clients=3, overlaps=1)
    assert (
        said
        == "3 clients wanted anyone of the team at one start: 2 bookings, 0 clear refusals, 1 overlap, 1 error."
    )


@pytest.mark.parametrize(
    ("got", "broken", "is_passed"),
    [
        (answers(1, 9), (), True),
        (answers(2, 8), (), False),
        (answers(0, 10), (), False),
        (answers(1, 8), (), False),
        (answers(1, 8, [(500, "")]), (), False),
        (answers(1, 8, [(409, "outside_hours")]), (), False),  # a refusal, but not for this reason
        (answers(1, 8, [(429, "rate_limited")]), (), False),
        (answers(1, 9), ("an overlap",), False),
    ],
)
def test_it_holds_only_if_all_adds_up(got: list[Answer], broken: tuple[str, ...], is_passed: bool) -> None:
    assert passed(tally(got), clients=10, expected=1, broken=broken) is is_passed


def test_percentiles_are_by_the_nearest_rank() -> None:
    counted = tally(answers(1, 199))
    assert (counted.p50_ms, counted.p99_ms, counted.lasted_ms) == (100, 198, 1990)
    assert tally([]).p99_ms == 0


@pytest.fixture
def bench(world: World) -> Tenant:
    """Acme, marked as a sandbox."""
    with entered(PUBLIC):
        Tenant.objects.filter(slug="acme").update(sandbox=True)
        found: Tenant = Tenant.objects.get(slug="acme")
    return found


def test_its_pass_lifts_the_rate_limit_of_that_sandbox_alone(world: World, bench: Tenant) -> None:
    def last_of(header: str, host: str = "acme.localhost", times: int = 125) -> int:
        client = Client(headers={"host": host, "Holdfast-Contention": header})
        query = {
            "event_type": "intro-call" if host.startswith("acme") else "meet",
            "start": "2026-12-01",
            "end": "x",
        }
        return [client.get("/api/v1/slots", query).status_code for _ in range(times)][-1]

    good = make_pass(1, schema=bench.schema_name)
    assert last_of(good) == 400, "counted by nobody, and told what is wrong with its question"
    assert last_of(good[:-1] + "?") == 429
    assert last_of(good, host="northwind.localhost") == 429
    with entered(PUBLIC):
        Tenant.objects.filter(slug="acme").update(sandbox=False)
    assert last_of(good, times=1) == 429, "the same pass at a business opens nothing"


@pytest.fixture
def staff(world: World, bench: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Inside the platform's tenant, with a rush that books once and is refused twice."""

    def rush(site: Site, posts: Sequence[tuple[str, str]]) -> Iterator[Answer | None]:
        with entered(bench.schema_name):
            booked("site-visit", workday(11))
        yield from answers(1, len(posts) - 1)
        yield None

    monkeypatch.setattr(performing, "plan", lambda *_, **__: Plan((("thirty", "x"),) * 3, 1, "thirty at x"))
    monkeypatch.setattr(performing, "rush", rush)
    with world.enter("staff"):
        yield world


def ask(bench: Tenant, scenario: str = "same_slot", clients: int = 3) -> ContentionTest:
    """Ask for a test."""
    return start_contention_test(bench, scenario=scenario, clients=clients, actor=SAM, now=now())


def test_a_test_ends_with_rows_a_verdict_and_two_signed_entries(staff: World, bench: Tenant) -> None:
    test = ask(bench)
    drain()
    test.refresh_from_db()
    assert (test.state, test.passed, test.broken) == ("done", True, [])
    assert test.verdict == "3 clients wanted one slot: 1 booking, 2 clear refusals, 0 overlaps, 0 errors."
    assert sorted(test.answers.values_list("number", "status")) == [(0, 201), (1, 409), (2, 409)]
    signed = [body_of_entry(entry)["action"] for entry in entries(subject=subject_of(bench.schema_name))]
    assert signed == ["contention_test.asked", "contention_test.judged"]


def test_a_booking_that_nobody_was_told_of_breaks_it(
    staff: World, bench: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performing, "booked_since", lambda started_at: 2)
    test = ask(bench)
    drain()
    test.refresh_from_db()
    assert (test.passed, test.broken) == (
        False,
        ["1 clients were told that they are booked, 2 bookings stand"],
    )


def test_the_checker_reads_the_sandbox_and_what_it_finds_breaks_the_verdict(
    staff: World, bench: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performing, "booked_since", lambda started_at: 1)
    with entered(bench.schema_name):
        taken = booked("site-visit", workday(14))
    with staff.superuser("acme") as raw:
        raw.execute(
            "SET session_replication_role = replica"
        )  # by force: the constraint stays, the triggers do not
        raw.execute(
            "UPDATE booking_occupancy SET retired_at = now() WHERE meeting_id = %s", [taken.meeting_id]
        )
    test = ask(bench)
    drain()
    test.refresh_from_db()
    assert test.passed is False
    assert test.broken[0].startswith("a live booking without a live blocked range of each of its hosts")


def test_a_worker_that_dies_in_the_middle_leaves_no_verdict(staff: World, bench: Tenant) -> None:
    test = ask(bench)
    ContentionTest.objects.update(state="running", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    drain()
    test.refresh_from_db()
    assert (test.state, test.passed) == ("failed", None)
    assert "died in the middle" in test.verdict


def test_a_worker_that_is_only_slow_is_waited_for(staff: World, bench: Tenant) -> None:
    test = ask(bench)
    ContentionTest.objects.update(state="running", started_at=now())
    drain()
    test.refresh_from_db()
    assert test.state == "running"
    assert Job.objects.get(kind="contention").due_at > now()


def test_nothing_open_is_said_and_another_test_can_follow(
    staff: World, bench: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> Plan:
        raise NothingToWant("The sandbox has no open time.")

    with monkeypatch.context() as patched:
        patched.setattr(performing, "plan", nothing)
        test = ask(bench)
        drain()
    test.refresh_from_db()
    assert (test.state, test.verdict) == ("failed", "The sandbox has no open time.")
    assert ask(bench).pk


def test_performed_again_a_judged_test_stays_as_it_is(staff: World, bench: Tenant) -> None:
    test = ask(bench)
    drain()
    with entered(PUBLIC):
        Job.objects.filter(kind="contention").update(state="queued", finished_at=None)
    make_due()
    drain()
    assert test.answers.count() == 3


@pytest.mark.parametrize(("scenario", "clients"), [("fancy", 3), ("same_slot", 0), ("same_slot", 201)])
def test_what_is_out_of_bounds_is_refused(staff: World, bench: Tenant, scenario: str, clients: int) -> None:
    with pytest.raises(NotTestable, match="1 to 200 clients"):
        ask(bench, scenario, clients)


def test_only_sandboxes_and_one_test_at_a_time(staff: World, bench: Tenant) -> None:
    with pytest.raises(NotTestable, match="Only sandbox tenants"):
        ask(Tenant.objects.get(slug="northwind"))
    ask(bench)
    with pytest.raises(NotTestable, match="under way already"):
        ask(bench)
    assert ContentionTest.objects.count() == 1
