"""The hosts whose slots the bench measures are not alike: what is alike would be worked out once for all."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from booking.api import Booking, Host, WeeklyHours
from holdfast.sandbox import make_sandbox
from kernel.tenancy import entered
from tests.database import World

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from benchmarks import fill_hosts  # noqa: E402  beside the product, not in it

sys.path.remove(LOADTESTS)

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def times_of(host: Host) -> tuple[datetime, ...]:
    live = Booking.objects.filter(meeting__hosts=host, status__in=Booking.LIVE)
    return tuple(live.order_by("meeting__starts_at").values_list("meeting__starts_at", flat=True))


def hours_of(host: Host) -> frozenset[tuple[int, int, int]]:
    hours = WeeklyHours.objects.filter(schedule__host=host)
    return frozenset(hours.values_list("weekday", "start_minute", "end_minute"))


def test_each_host_has_ten_bookings_at_times_of_their_own_and_one_of_three_schedules(world: World) -> None:
    with world.as_owner():
        tenant = make_sandbox(slug="big", hosts=6, bookings=0, now=NOW)
        with entered(tenant.schema_name):
            for _ in range(2):  # the second time adds nothing
                fill_hosts.fill_hosts(now=NOW)
                hosts = list(Host.objects.order_by("pk"))
                times = [times_of(host) for host in hosts]
                assert [len(each) for each in times] == [10] * 6
                assert len(set(times)) == 6
            assert all(
                NOW < start < NOW + timedelta(days=31) and start.weekday() < 5
                for each in times
                for start in each
            )
            schedules = [hours_of(host) for host in hosts]
    assert schedules[:3] == schedules[3:]
    assert len(set(schedules)) == 3
    assert schedules[0] == {(day, 540, 1020) for day in range(5)}
