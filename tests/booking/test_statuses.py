"""The statuses of the table and of the core are one list."""

from booking.core.states import BLOCKING, Status
from booking.models import Booking


def test_the_tables_statuses_are_those_of_the_core() -> None:
    assert [status.value for status in Booking.Status] == [status.value for status in Status]
    assert {status.value for status in Booking.LIVE} == {status.value for status in BLOCKING}
