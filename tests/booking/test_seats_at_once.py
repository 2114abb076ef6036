"""Two seats of one session that get their link at the same moment: one meeting at the provider, one link for both."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from django.db import connection

from booking.api import Attendee, EventType, cancel, get_booking
from booking.models import EventTypeHost
from jobs.api import Job, perform
from kernel.tenancy import PUBLIC, entered
from providers.models import Room
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import CLIENT, booked, now, workday
from tests.database import World
from tests.providers.conftest import connect_google, connect_microsoft
from tests.providers.conftest import google as google
from tests.providers.conftest import microsoft as microsoft
from tests.providers.meetings.conftest import connect_organisation
from tests.providers.meetings.conftest import zoom as zoom
from tests.simulators.smtp import MailSink
from tests.simulators.vendor import Reply, Request, Simulator

__all__ = ["mails", "web"]  # fixtures
KIM = Attendee("Kim Roe", "kim@example.com")


@dataclass(frozen=True)
class Maker:
    """A provider of links: its simulator, the request that makes a meeting, how many live there."""

    simulator: Simulator | None
    makes: str
    count: Callable[[], int]


@pytest.fixture(params=["zoom", "google_meet", "microsoft_teams", "built_in_room"])
def maker(request: pytest.FixtureRequest, world: World, web: str, mails: MailSink) -> Iterator[Maker]:
    """Northwind, whose workshops of twelve seats meet there."""
    kind: str = request.param
    names = {"zoom": "zoom", "google_meet": "google", "microsoft_teams": "microsoft"}
    simulator = request.getfixturevalue(names[kind]) if kind in names else None
    with world.enter("northwind"):
        EventType.objects.filter(slug="workshop").update(location_kind=kind)
        host = EventTypeHost.objects.get(event_type__slug="workshop").host_id
        if kind == "zoom":
            connect_organisation()
            yield Maker(simulator, "POST /v2/users", lambda: len(simulator.live()))
        elif kind == "google_meet":
            connect_google(simulator, host)
            yield Maker(simulator, "POST /calendar", lambda: len(simulator.events("ana@gmail.example")))
        elif kind == "microsoft_teams":
            connect_microsoft(simulator, host)
            yield Maker(simulator, "POST /v1.0/me", lambda: len(simulator.events("ana@acme.example")))
        else:
            yield Maker(None, "", lambda: Room.objects.filter(cancelled_at=None).count())


@contextlib.contextmanager
def meeting_at_the_provider(maker: Maker, seats: int) -> Iterator[None]:
    """Hold a request that makes a meeting back until others may have sent theirs too, half a second at most."""
    if maker.simulator is None:
        yield
        return
    gate, real = threading.Barrier(seats), maker.simulator.answer

    def answer(request: Request) -> Reply | None:
        if maker.makes in f"{request.method} {request.path}":
            with contextlib.suppress(threading.BrokenBarrierError):
                gate.wait(0.5)
        return real(request)

    maker.simulator.answer = answer  # type: ignore[method-assign]  # this one only
    yield


def test_seats_confirmed_at_the_same_moment_share_the_one_meeting_that_was_made(
    maker: Maker, world: World
) -> None:
    seats = [booked("workshop", workday(11)), booked("workshop", workday(11), attendee=KIM)]
    with entered(PUBLIC):
        jobs = list(Job.objects.filter(state=Job.State.QUEUED, kind="run").values_list("pk", flat=True))
    assert len(jobs) == len(seats)
    gate = threading.Barrier(len(jobs))

    def work(job: int) -> bool:
        gate.wait(10)
        try:
            return perform(job)
        finally:
            connection.close()

    with meeting_at_the_provider(maker, len(seats)), ThreadPoolExecutor(len(jobs)) as workers:
        assert all(workers.map(work, jobs))
    perform_all()
    confirmed = [get_booking(each.uid) for each in seats]
    assert [each.status for each in confirmed] == ["confirmed"] * 2
    (link,) = {each.meeting.join_url for each in confirmed}
    assert link == confirmed[0].meeting.link_proof["url"]
    assert maker.count() == 1
    cancel(confirmed[0], reason="", now=now(), actor=CLIENT)
    perform_all()
    assert (maker.count(), get_booking(seats[1].uid).meeting.join_url) == (1, link)
    cancel(get_booking(seats[1].uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    assert maker.count() == 0
