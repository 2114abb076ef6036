"""A contention test from its asking to its verdict: a worker's job in the platform's own tenant."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit.api import Actor, record
from booking.contention.checking import booked_since, broken_promises
from booking.contention.passes import make_pass
from booking.contention.rush import NothingToWant, Plan, Site, plan, rush
from booking.contention.verdict import Answer, Tally, passed, sentence, tally
from jobs.api import Later, Lease, LeaseLost, enqueue, handles
from kernel.clock import now as wall_clock
from kernel.errors import HoldfastError
from kernel.http import HttpError
from kernel.tenancy import entered
from tenants.api import ContentionAnswer, ContentionTest, Domain, Tenant, address_of, subject_of

log = logging.getLogger(__name__)
MOST_CLIENTS = 200
KIND = "contention"
LONGEST = timedelta(minutes=3)
State = ContentionTest.State


class NotTestable(HoldfastError):
    """The tenant is no sandbox, a test of it is under way, or the number of clients is out of bounds."""

    code = "not_testable"


def start_contention_test(
    tenant: Tenant, *, scenario: str, clients: int, actor: Actor, now: datetime
) -> ContentionTest:
    """Ask for a test of a sandbox; a worker performs it. Inside the platform's tenant. Raises `NotTestable`."""
    if not tenant.sandbox or tenant.ready_at is None:
        raise NotTestable("Only sandbox tenants can be tested: a test books what clients could have booked.")
    if scenario not in ContentionTest.Scenario.values or not 1 <= clients <= MOST_CLIENTS:
        raise NotTestable(f"Choose a scenario, and 1 to {MOST_CLIENTS} clients.")
    try:
        with transaction.atomic():
            test = ContentionTest.objects.create(
                tenant=tenant, scenario=scenario, clients=clients, asked_at=now
            )
            record(
                "contention_test.asked", subject=subject_of(tenant.schema_name), actor=actor,
                payload={"test": test.pk, "scenario": scenario, "clients": clients},
                reversible="none", because="A test of a sandbox harms nobody; its bookings go with the sandbox.",
            )  # fmt: skip
            enqueue(KIND, ref=str(test.pk), now=now)
    except IntegrityError:
        raise NotTestable("A test of this sandbox is under way already. Wait for its verdict.") from None
    return test


@handles(KIND)
def perform_contention_test(ref: str, lease: Lease) -> None:
    """Perform the test once; one that a dead worker left in the middle has failed after `LONGEST`."""
    test = ContentionTest.objects.select_related("tenant").filter(pk=int(ref)).first()
    if test is None or test.state in (State.DONE, State.FAILED):
        return None
    started_at = wall_clock()
    if test.state == State.RUNNING:
        dead_at = (test.started_at or started_at) + LONGEST
        if started_at < dead_at:  # its worker may only be slow, and would not see that its lease ran out
            raise Later(dead_at)
        return _fail(test, "The worker that ran this test died in the middle. Run it again.")
    ContentionTest.objects.filter(pk=test.pk).update(state=State.RUNNING, started_at=started_at)
    try:
        site = _site(test)
        planned = plan(site, test.scenario, test.clients, now=started_at)
        ContentionTest.objects.filter(pk=test.pk).update(wanted=planned.words, expected=planned.expected)
        answers = _rush(test, site, planned, lease)
    except (NothingToWant, HttpError) as error:
        return _fail(test, error.message)
    _judge(test, planned, tally(answers), started_at)
    return None


def _site(test: ContentionTest) -> Site:
    domain = Domain.objects.filter(tenant=test.tenant, is_primary=True).values_list("domain", flat=True).get()
    return Site(
        address=address_of(domain, ""),
        domain=domain,
        pass_=make_pass(test.pk, schema=test.tenant.schema_name),
    )


def _rush(test: ContentionTest, site: Site, planned: Plan, lease: Lease) -> list[Answer]:
    """Let them go, keep their answers as they come, four times a second, and hold on to the job meanwhile."""
    answers: list[Answer] = []
    fresh: list[Answer] = []
    for answer in rush(site, planned.posts):
        if answer is not None:
            fresh.append(answer)
        if answer is None or len(fresh) >= 20:
            _keep(test, fresh)
            answers, fresh = answers + fresh, []
            with suppress(LeaseLost):  # a slow machine: whoever took the job over waits for us (LONGEST)
                lease.renew()
    _keep(test, fresh)
    return answers + fresh


def _keep(test: ContentionTest, answers: list[Answer]) -> None:
    ContentionAnswer.objects.bulk_create(
        ContentionAnswer(
            test=test, number=answer.number, at_ms=answer.at_ms, latency_ms=answer.latency_ms,
            status=answer.status, code=answer.code,
        )
        for answer in answers
    )  # fmt: skip


def _judge(test: ContentionTest, planned: Plan, counted: Tally, started_at: datetime) -> None:
    """Ask the database, write the verdict, sign it."""
    with entered(test.tenant.schema_name):
        broken = list(broken_promises())
        stored = booked_since(started_at)
    overlaps = len(broken)
    if stored != counted.bookings:
        broken.append(f"{counted.bookings} clients were told that they are booked, {stored} bookings stand")
    is_passed = passed(counted, clients=test.clients, expected=planned.expected, broken=broken)
    words = sentence(counted, scenario=test.scenario, clients=test.clients, overlaps=overlaps)
    with transaction.atomic():
        ContentionTest.objects.filter(pk=test.pk).update(
            state=State.DONE, finished_at=wall_clock(), broken=broken, passed=is_passed, verdict=words
        )
        record(
            "contention_test.judged", subject=subject_of(test.tenant.schema_name),
            actor=Actor("automation", KIND), payload={"test": test.pk, "passed": is_passed, "verdict": words},
            reversible="none", because="A verdict is what was seen.",
        )  # fmt: skip


def _fail(test: ContentionTest, words: str) -> None:
    log.warning("Contention test %s: %s", test.pk, words)
    ContentionTest.objects.filter(pk=test.pk).update(
        state=State.FAILED, finished_at=wall_clock(), verdict=words[:400]
    )
