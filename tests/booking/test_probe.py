"""The readiness probe calls the booking function for real, and leaves nothing behind."""

import pytest

from booking.api import GuardBroken, probe_hold
from booking.models import Booking, Meeting, Occupancy
from tests.booking.scene import now
from tests.database import World


def test_a_working_guard_passes_and_nothing_is_left(world: World) -> None:
    with world.enter("acme"):
        probe_hold(now=now())
        assert [model.objects.count() for model in (Booking, Meeting, Occupancy)] == [0, 0, 0]


def test_a_missing_constraint_is_seen(world: World) -> None:
    with world.owner("acme") as owner:
        owner.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
    with world.enter("acme"), pytest.raises(GuardBroken, match="held and held"):
        probe_hold(now=now())
