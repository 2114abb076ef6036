"""Guests are told the meeting, its changes and its end, each with an invite update, never with the manage link."""

from collections.abc import Iterator

import pytest

from booking.api import Booking, book, cancel, get_booking, get_event_type, manage_token, move
from jobs.api import Lease
from providers.models import Message
from tests.booking.clockwork import perform_all
from tests.booking.scene import BEN, CLIENT, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

GUEST = "gil@example.org"


@pytest.fixture
def with_guest(world: World, mails: MailSink) -> Iterator[Booking]:
    """A confirmed site visit with one guest and an answer, everyone told."""
    with world.enter("acme"):
        yield book(
            get_event_type("site-visit"), start=workday(11), time_zone="Europe/Lisbon", attendee=BEN,
            guests=[GUEST], answers={"notes": "Mind the dog."}, now=now(), actor=CLIENT, visitor="v",
        ).booking  # fmt: skip


def test_a_guest_is_told_everything_and_given_no_link_to_change_it(
    with_guest: Booking, mails: MailSink
) -> None:
    perform_all()
    tokens = [manage_token(with_guest)]
    move(get_booking(with_guest.uid), start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    tokens.append(manage_token(get_booking(with_guest.uid)))
    cancel(get_booking(with_guest.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    told = Message.objects.filter(to_address=GUEST, state="sent").order_by("pk")
    assert list(told.values_list("kind", "ics_method")) == [
        ("confirmation_guest", "REQUEST"),
        ("moved_guest", "REQUEST"),
        ("cancellation_guest", "CANCEL"),
    ]
    for message in told:
        whole = message.text + message.html + message.ics
        assert [word for word in (*tokens, "Mind the dog.", "/portal/") if word in whole] == []
        assert BEN.name in message.text


def test_the_lease_is_kept_before_each_recipient(
    with_guest: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    keep = Lease.keep

    def keeping(lease: Lease) -> None:
        seen.append("keep")
        keep(lease)

    def delivering(*_: object, **__: object) -> None:
        seen.append("deliver")

    monkeypatch.setattr(Lease, "keep", keeping)
    monkeypatch.setattr("providers.mail.delivery.send", delivering)
    perform_all()
    before = [seen[at - 1] for at, what in enumerate(seen) if what == "deliver"]
    assert (len(before) >= 4, set(before)) == (True, {"keep"})
