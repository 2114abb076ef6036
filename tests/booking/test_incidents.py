"""Incidents: one open row for a kind and a subject, counted while it is seen again, signed when it opens and closes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from audit.api import Actor, entries
from booking.api import (
    Incident,
    close_incident,
    incidents,
    open_incident,
    reopen_incident,
    resolve_incident,
)
from kernel.tenancy import entered
from tests.booking.scene import OWNER, now
from tests.database import World

FIXER = Actor(type="automation", id="fixer")


@pytest.fixture
def acme(world: World) -> Iterator[None]:
    with world.enter("acme"):
        yield


def opened(subject: str = "host:7", **options: object) -> Incident:
    said = {
        "title": "Ana’s calendar cannot be read.",
        "consequence": "Ana’s times are withheld.",
        "now": now(),
    }
    return open_incident("calendar_unreadable", subject=subject, **(said | options))  # type: ignore[arg-type]


def signed(subject: str) -> list[str]:
    return [entry.action for entry in entries(subject=subject)]


def test_what_is_seen_again_while_open_is_counted_and_its_words_are_the_latest(acme: None) -> None:
    first = opened(repair="stale_connection", run_id=4, details={"code": "unreachable"})
    again = opened(title="Ana’s calendar refuses us.", repair="stale_connection")
    assert (again.pk, again.seen, again.title) == (first.pk, 2, "Ana’s calendar refuses us.")
    assert (again.run_id, again.details, again.repair) == (4, {"code": "unreachable"}, "stale_connection")
    assert [each.pk for each in incidents()] == [first.pk]
    assert signed(f"incident:{first.pk}") == ["open_incident"]


def test_another_subject_is_another_incident(acme: None) -> None:
    one, other = opened("host:1"), opened("host:2")
    assert [each.pk for each in incidents()] == [other.pk, one.pk]


def test_many_at_once_open_one(acme: None, world: World) -> None:
    def see(_: int) -> int:
        try:
            with entered(world.acme):
                return opened().pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as eyes:
        assert len(set(eyes.map(see, range(12)))) == 1
    assert [(each.seen, each.state) for each in Incident.objects.all()] == [(12, "open")]


def test_resolved_is_closed_once_and_seen_anew_is_another_incident(acme: None) -> None:
    first, at = opened(), now()
    resolved = resolve_incident("calendar_unreadable", subject="host:7", now=at, by=FIXER)
    assert resolved is not None
    assert (resolved.pk, resolved.state, resolved.resolved_at, resolved.resolved_by) == (
        first.pk, "resolved", at, "automation:fixer",
    )  # fmt: skip
    assert resolve_incident("calendar_unreadable", subject="host:7", now=now(), by=FIXER) is None
    assert close_incident(first.pk, now=now(), by=OWNER) is None
    assert signed(f"incident:{first.pk}") == ["open_incident", "resolve_incident"]
    assert incidents() == []
    assert opened().pk != first.pk
    assert [each.state for each in incidents(open_only=False)] == ["open", "resolved"]


def test_a_closed_one_opens_again_unless_a_later_one_is_open(acme: None) -> None:
    first = opened()
    close_incident(first.pk, now=now() + timedelta(seconds=1), by=OWNER)
    again = reopen_incident(first.pk, now=now(), by=OWNER)
    assert again is not None
    assert (again.state, again.resolved_at, again.resolved_by) == ("open", None, "")
    assert reopen_incident(first.pk, now=now(), by=OWNER) is None
    close_incident(first.pk, now=now(), by=OWNER)
    opened()
    assert reopen_incident(first.pk, now=now(), by=OWNER) is None
    assert signed(f"incident:{first.pk}") == [
        "open_incident", "resolve_incident", "reopen_incident", "resolve_incident",
    ]  # fmt: skip


def test_an_incident_of_a_meeting_is_signed_among_what_happened_to_it(acme: None) -> None:
    incident = opened("meeting:abc")
    assert (signed("meeting:abc"), signed(f"incident:{incident.pk}")) == (["open_incident"], [])
