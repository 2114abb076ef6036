"""Onboarding: a link that works, or nothing left of it; wherever it fails, it goes on or is taken back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.api import User, awaits_first_password
from audit.api import Outcome, body_of_entry, entries, resume_run, reveal, roll_back_run, verify_ledger
from audit.sagas import workflows
from booking.api import EventType, Host
from kernel.clock import now
from kernel.tenancy import entered
from providers.api import Message
from tenants.api import NameTaken, Tenant
from tenants.onboarding import steps
from tests.database import World
from tests.simulators.smtp import MailSink, mail_sink
from tests.tenants.onboarding import SAM, STEPS, Desk, failing_at

GONE = {"tenant": False, "domain": False, "schema": False}
THERE = {"tenant": True, "domain": True, "schema": True}


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    """A mail server that accepts."""
    with mail_sink() as accepting:
        settings.HOLDFAST_SMTP_URL = accepting.url
        yield accepting


@pytest.fixture
def desk(world: World, sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk, in a world whose pages answer."""
    monkeypatch.setattr(steps, "prove", lambda domain, event_type, now: {"page": 200, "open_times": 42})
    return Desk(world)


def test_a_business_is_made_with_all_that_it_needs_to_be_booked(desk: Desk, sink: MailSink) -> None:
    run = desk.ask()
    desk.perform(1)
    assert desk.state(run) == ("done", dict.fromkeys(STEPS, "done"))
    assert desk.traces(run) == THERE
    tenant = Tenant.objects.get(slug="harbour")
    assert tenant.ready_at is not None
    with entered(tenant.schema_name):
        dora, host, offer = User.objects.get(), Host.objects.get(), EventType.objects.get()
        assert (dora.email, dora.role, dora.host_id, host.user_id) == (
            "dora@harbour.example", "owner", host.pk, dora.pk,
        )  # fmt: skip
        assert awaits_first_password(dora)
        assert (offer.duration_minutes, offer.location_kind, list(offer.hosts.all())) == (
            30,
            "built_in_room",
            [host],
        )
        assert host.schedules.get().weekly_hours.count() == 5
        assert verify_ledger(tenant.schema_name, now=now()).outcome is not Outcome.TAMPERED
        letter = Message.objects.get()
    assert (letter.state, letter.to_address) == ("sent", "dora@harbour.example")
    assert "http://harbour.localhost:8000/accounts/password/reset/key/" in letter.text


def test_each_step_is_signed_and_the_administrator_is_nowhere_in_clear(desk: Desk) -> None:
    run = desk.ask()
    desk.perform(1)
    with desk.world.enter("staff"):
        signed = list(entries(subject=f"tenant:{run.payload['schema']}"))
        assert [body_of_entry(entry)["action"] for entry in signed] == [
            "reserve_name",
            "onboarding.asked",
            *STEPS[1:],
        ]
        assert reveal(signed[1]) == {"name": "Dora Mar", "email": "Dora@harbour.example"}
        assert not any(b"dora" in bytes(entry.body).lower() for entry in signed)
        assert "dora" not in str(run.payload).lower()


@pytest.mark.parametrize("action", STEPS[1:-1])
def test_wherever_it_fails_it_stops_and_goes_on_from_there(
    desk: Desk, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workflows._workflows, "onboarding", failing_at(action))
    run = desk.ask()
    desk.perform(1)
    state, stood = desk.state(run)
    assert (state, stood[action]) == ("stopped", "failed")
    with desk.world.enter("staff"):
        resume_run(run.pk, actor=SAM, now=now())
    desk.perform(1)
    assert desk.state(run) == ("done", dict.fromkeys(STEPS, "done"))
    assert Tenant.objects.get(slug="harbour").ready_at is not None


@pytest.mark.parametrize("action", STEPS[1:-1])
def test_wherever_it_fails_it_can_be_rolled_back_to_nothing(
    desk: Desk, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workflows._workflows, "onboarding", failing_at(action))
    run = desk.ask()
    desk.perform(1)
    with desk.world.enter("staff"):
        roll_back_run(run.pk, actor=SAM, now=now())
    desk.perform(1)
    assert desk.state(run)[0] == "failed"
    assert desk.traces(run) == GONE
    with desk.world.enter("staff"):
        asked = entries(subject=f"tenant:{run.payload['schema']}")[1]
        assert reveal(asked) is None, "nobody needs the administrator's address any more"
    assert desk.state(desk.ask())[0] == "running", "the link name is free again"


def test_a_roll_back_drops_no_schema_in_which_somebody_booked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workflows._workflows, "onboarding", failing_at("prove_page"))
    run = desk.ask()
    desk.perform(1)
    monkeypatch.setattr(steps, "booked_in", lambda schema: 1)
    with desk.world.enter("staff"):
        roll_back_run(run.pk, actor=SAM, now=now())
    desk.perform(1)
    state, stood = desk.state(run)
    assert (state, stood["create_schema"], stood["reserve_name"]) == ("failed", "undo_failed", "undo_failed")
    assert desk.traces(run) == {"tenant": True, "domain": False, "schema": True}


def test_a_process_killed_in_the_middle_is_followed_by_one_that_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(tenant: Tenant, at: object) -> None:
        raise Killed

    run = desk.ask()
    with monkeypatch.context() as patched:
        patched.setattr(steps, "furnish_tenant", die)
        with pytest.raises(Killed):
            desk.perform(1)
    assert desk.state(run)[1]["found_ledger"] == "started"
    desk.perform(1)
    assert desk.state(run) == ("done", dict.fromkeys(STEPS, "done"))


def test_two_staff_who_want_one_link_name_get_one_business(desk: Desk) -> None:
    desk.ask()
    with pytest.raises(NameTaken, match=r"harbour\.localhost.*taken"):
        desk.ask()
    assert Tenant.objects.filter(slug="harbour").count() == 1


def test_a_mail_server_that_is_away_does_not_undo_the_business(desk: Desk, settings: Any) -> None:
    settings.HOLDFAST_SMTP_URL = "smtp://127.0.0.1:1"
    run = desk.ask()
    desk.perform(5)
    state, stood = desk.state(run)
    assert (state, stood["invite_administrator"], stood["prove_page"]) == ("done", "failed", "done")


def test_only_the_platform_onboards(desk: Desk) -> None:
    elsewhere = Desk(replace(desk.world, staff=desk.world.acme))
    with pytest.raises(RuntimeError, match="platform's own tenant"):
        elsewhere.ask("elsewhere")
