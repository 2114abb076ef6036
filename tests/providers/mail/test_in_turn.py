"""Mails of one step, one after the other: the end of each is written with the intent of the next, never more."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from providers.api import Delivery, Queued, Rejected, Unreachable, deliver_in_turn, get_message, messages
from providers.mail.smtp import OutcomeUnknown
from tests.database import World
from tests.providers.mail.test_delivery import DRAFT, LATER, NOW
from tests.simulators.smtp import MailSink, mail_sink

ANA, BEN, EVA = "ana@example.org", "ben@example.org", "eva@example.org"
Outcomes = dict[int, Any]


class Killed(BaseException):
    """What stands for kill -9."""


@pytest.fixture
def sink(world: World, settings: Any) -> Iterator[MailSink]:
    with mail_sink() as running, world.enter("acme"):
        settings.HOLDFAST_SMTP_URL = running.url
        settings.HOLDFAST_MAIL_FROM = "bookings@acme.example"
        yield running


def deliver(*addresses: str, alive: Callable[[], None] = lambda: None, later: bool = False) -> Outcomes:
    wanted = [Queued(replace(DRAFT, to_address=each), "b1", f"key:{each}") for each in addresses]
    return deliver_in_turn(wanted, now=LATER if later else NOW, alive=alive)


def received_by(sink: MailSink) -> list[str]:
    return [address for received in sink.received for address in received.recipients]


def stored() -> dict[str, tuple[str, int, int]]:
    """State, attempts and repeats of each message, by recipient."""
    return {row.to_address: (row.state, row.attempts, row.repeats) for row in messages()}


def test_three_mails_leave_in_their_order_in_four_statements(sink: MailSink) -> None:
    with CaptureQueriesContext(
        connection,
    ) as told:
        outcomes = deliver(ANA, BEN, EVA)
    assert received_by(sink) == [ANA, BEN, EVA]
    assert [type(each) for each in outcomes.values()] == [Delivery] * 3
    assert [get_message(pk).to_address for pk in outcomes] == [ANA, BEN, EVA]
    assert stored() == dict.fromkeys((ANA, BEN, EVA), ("sent", 1, 0))
    assert len(told) == 4, [each["sql"] for each in told]


def test_one_that_is_refused_does_not_keep_the_others_waiting(sink: MailSink) -> None:
    sink.plan = ["none", "550 at recipient", "450 at recipient"]
    outcomes = list(deliver(ANA, BEN, EVA).values())
    assert [type(each) for each in outcomes] == [Delivery, Rejected, Unreachable]
    assert stored() == {ANA: ("sent", 1, 0), BEN: ("failed", 1, 0), EVA: ("queued", 1, 0)}
    again = list(deliver(ANA, BEN, EVA, later=True).values())
    assert [type(each) for each in again] == [Delivery, Rejected, Delivery]
    assert again[0].already_sent
    assert received_by(sink) == [ANA, EVA]


def test_after_a_lost_answer_the_next_one_leaves_and_the_repeat_is_counted(sink: MailSink) -> None:
    sink.plan = ["accepts, then drops"]
    outcomes = deliver(ANA, BEN)
    assert [type(each) for each in outcomes.values()] == [OutcomeUnknown, Delivery]
    assert stored() == {ANA: ("sending", 1, 0), BEN: ("sent", 1, 0)}
    repeated = next(iter(deliver(ANA, BEN, later=True).values()))
    assert (repeated.repeats, received_by(sink)) == (1, [ANA, BEN, ANA])


def test_killed_between_two_mails_the_first_is_not_sent_again_and_the_others_are(sink: MailSink) -> None:
    turns = iter([None, Killed()])

    def dies_at_the_second() -> None:
        if (death := next(turns)) is not None:
            raise death

    with pytest.raises(Killed):
        deliver(ANA, BEN, EVA, alive=dies_at_the_second)
    assert stored() == {ANA: ("sent", 1, 0), BEN: ("sending", 1, 0), EVA: ("queued", 0, 0)}
    deliver(ANA, BEN, EVA, later=True)
    assert received_by(sink) == [ANA, BEN, EVA]
    assert stored() == {ANA: ("sent", 1, 0), BEN: ("sent", 2, 1), EVA: ("sent", 1, 0)}


def test_the_same_key_twice_is_one_mail(sink: MailSink) -> None:
    assert len(deliver(ANA, ANA)) == 1
    assert received_by(sink) == [ANA]


def test_nobody_is_written_to_without_drafts_nor_inside_a_transaction(sink: MailSink) -> None:
    assert deliver() == {}
    with transaction.atomic(), pytest.raises(RuntimeError):
        deliver(ANA)
    assert (received_by(sink), messages()) == ([], [])
