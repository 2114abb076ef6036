"""The status machine is the table of the product page, cell by cell."""

from itertools import product

import pytest

from booking.core.states import (
    TRANSITIONS,
    By,
    IllegalTransition,
    Status,
    blocks_time,
    can_become,
    check_can_become,
    has_deadline,
    is_final,
    sources,
)

TABLE = {
    "held": ("yes", "pending awaiting_link confirmed expired"),
    "pending": ("yes", "awaiting_link confirmed declined expired"),
    "awaiting_link": ("yes", "confirmed failed cancelled"),
    "confirmed": ("yes", "completed no_show cancelled"),
    "cancelled": ("no", "held"),
    "expired": ("no", ""),
    "failed": ("no", ""),
    "declined": ("no", ""),
    "completed": ("no", "no_show"),
    "no_show": ("no", "completed"),
}


def test_every_status_becomes_exactly_what_the_table_says() -> None:
    assert {str(status) for status in Status} == set(TABLE)
    for status, becomes in product(Status, Status):
        assert can_become(status, becomes) == (becomes in TABLE[status][1].split()), (status, becomes)


def test_every_status_blocks_time_exactly_where_the_table_says() -> None:
    assert {status: blocks_time(status) for status in Status} == {
        Status(status): blocks == "yes" for status, (blocks, _) in TABLE.items()
    }


def test_what_has_a_deadline_is_what_is_not_final() -> None:
    assert {status for status in Status if has_deadline(status)} == {"held", "pending", "awaiting_link"}
    assert all(is_final(status) != has_deadline(status) for status in Status)


def test_a_change_needs_the_right_hand() -> None:
    assert can_become(Status.HELD, Status.EXPIRED, by=By.DEADLINE)
    assert not can_become(Status.HELD, Status.EXPIRED, by=By.CLIENT)
    assert can_become(Status.AWAITING_LINK, Status.CONFIRMED, by=By.SAGA)
    assert not can_become(Status.AWAITING_LINK, Status.CONFIRMED, by=By.HOST)
    assert can_become(Status.CANCELLED, Status.HELD, by=By.UNDO)
    assert not can_become(Status.CANCELLED, Status.HELD, by=By.CLIENT)
    assert all(TRANSITIONS.values())


def test_an_illegal_change_is_named() -> None:
    check_can_become(Status.HELD, Status.CONFIRMED)
    with pytest.raises(IllegalTransition, match=r"^expired cannot become confirmed by saga$"):
        check_can_become(Status.EXPIRED, Status.CONFIRMED, by=By.SAGA)


def test_sources_are_the_where_of_a_guarded_update() -> None:
    assert sources(Status.CONFIRMED) == {"held", "pending", "awaiting_link"}
    assert sources(Status.EXPIRED) == {"held", "pending"}
    assert sources(Status.CONFIRMED, by=By.SAGA) == {"awaiting_link"}
    assert sources(Status.DECLINED, by=By.CLIENT) == frozenset()
