"""healthz, readyz, metrics and keys.json: of the process, for operators; of the tenant, for whoever verifies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings as live_settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from booking.api import Booking, open_incident
from booking.models import ProbeResult
from jobs.api import Job
from kernel.postgres.role import speak_as
from tests.database import World
from tests.portal.api.asking import at, book, problem, read


@pytest.fixture
def prober(client_for: Callable[[str], Client]) -> Client:
    """A client that knows the process by address only."""
    return client_for("10.1.2.3:8000")


def _not_ready(detail: str) -> dict[str, object]:
    return problem("busy", 503, "Busy, ask again", detail)


def test_healthz_is_up_without_the_database(prober: Client) -> None:
    response = prober.get("/healthz")  # no world: the test's database address leads nowhere
    assert (response.status_code, read(response), response["Cache-Control"]) == (
        200,
        {"status": "up"},
        "no-store",
    )


def test_readyz_writes_a_hold_and_takes_it_back(world: World, prober: Client) -> None:
    with CaptureQueriesContext(connection) as statements:
        response = prober.get("/readyz")
    assert (response.status_code, read(response)) == (200, {"status": "ready"})
    assert sum("hold_v1(" in statement["sql"] for statement in statements) == 2
    with world.enter("acme"):
        assert Booking.objects.count() == 0
    with world.superuser("acme") as database:
        assert database.execute("SELECT count(*) FROM booking_occupancy").fetchone() == (0,)


def test_readyz_is_503_without_the_constraint(world: World, prober: Client) -> None:
    with world.owner("acme") as owner:
        row = owner.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'booking_occupancy'::regclass AND contype = 'x'"
        ).fetchone()
        assert row is not None
        owner.execute(f'ALTER TABLE booking_occupancy DROP CONSTRAINT "{row[0]}"')
    response = prober.get("/readyz")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert read(response) == _not_ready("The booking function refused a trial hold: busy.")


def test_readyz_is_503_while_the_booking_table_is_locked(world: World, prober: Client) -> None:
    with world.owner("acme") as owner, owner.transaction():
        owner.execute("LOCK TABLE booking_occupancy IN ACCESS EXCLUSIVE MODE")
        response = prober.get("/readyz")
    assert (response.status_code, read(response)) == (
        503,
        _not_ready("The database cannot be reached, or did not answer within 2 seconds."),
    )
    assert prober.get("/readyz").status_code == 200


def test_readyz_does_not_wait_for_a_slow_database(world: World, prober: Client) -> None:
    with world.owner("acme") as owner:
        owner.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN PERFORM pg_sleep(6); RETURN NEW; END$$"
        )
        owner.execute(
            "CREATE TRIGGER slow BEFORE INSERT ON booking_booking FOR EACH ROW EXECUTE FUNCTION slow()"
        )
    response = prober.get("/readyz")
    assert (response.status_code, read(response)) == (
        503,
        _not_ready("The database cannot be reached, or did not answer within 2 seconds."),
    )


def test_readyz_and_every_page_are_503_while_the_database_is_away(
    world: World, prober: Client, acme: Client
) -> None:
    speak_as("postgresql://holdfast_app@127.0.0.1:1/away")
    try:
        ready = prober.get("/readyz")
        acme.raise_request_exception = False
        slots, page = acme.get("/api/v1/slots"), acme.get("/")
    finally:
        speak_as(world.app_url())
    away = "The database cannot be reached right now; nothing was changed. Try again in a moment."
    assert (ready.status_code, read(ready)) == (
        503,
        _not_ready("The database cannot be reached, or did not answer within 2 seconds."),
    )
    assert (slots.status_code, slots["Retry-After"], read(slots)) == (503, "2", _not_ready(away))
    assert (page.status_code, page.content.decode()) == (503, f"{away}\n")


def test_readyz_without_a_business_asks_the_database_only(world: World, prober: Client) -> None:
    with world.owner() as owner:
        owner.execute("UPDATE tenants_tenant SET paused_at = now() WHERE kind = 'business'")
    assert read(prober.get("/readyz")) == {"status": "ready"}


def _lines(response: HttpResponse) -> list[str]:
    return [line for line in response.content.decode().splitlines() if not line.startswith("#")]


def test_metrics_count_jobs_and_bookings(
    world: World, prober: Client, acme: Client, northwind: Client
) -> None:
    book(acme, at(10))
    book(acme, at(12), event_type="site-visit")
    book(northwind, at(10), event_type="meet")
    with world.enter("acme"):
        Job.objects.filter(pk__in=list(Job.objects.values_list("pk", flat=True)[:1])).update(state="parked")
        states = [*Job.objects.values_list("state", flat=True)]
    response = prober.get("/metrics")
    assert (response.status_code, response["Content-Type"]) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    lines = _lines(response)
    assert [line for line in lines if line.startswith(("holdfast_bookings", "holdfast_jobs{"))] == [
        f'holdfast_jobs{{state="queued"}} {states.count("queued")}',
        'holdfast_jobs{state="leased"} 0',
        'holdfast_jobs{state="parked"} 1',
        'holdfast_bookings{tenant="acme",status="awaiting_link"} 1',
        'holdfast_bookings{tenant="acme",status="confirmed"} 1',
        'holdfast_bookings{tenant="northwind",status="awaiting_link"} 1',
    ]
    names = {line.split("{")[0].split(" ")[0] for line in lines}
    assert names == {
        "process_start_time_seconds",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "holdfast_jobs",
        "holdfast_jobs_oldest_due_seconds",
        "holdfast_bookings",
        "holdfast_incidents_open",
        "holdfast_promises_not_kept",
    }
    (oldest,) = [line.split(" ")[1] for line in lines if line.startswith("holdfast_jobs_oldest_due_seconds")]
    assert 0 < float(oldest) < 60


def test_metrics_tell_how_each_business_stands(world: World, prober: Client) -> None:
    at_noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with world.enter("acme"):
        ProbeResult.objects.create(probe="mail", state="bad", since_at=at_noon, checked_at=at_noon)
        open_incident(
            "mail", subject="health:mail", title="No mail.", consequence="Nobody hears.", now=at_noon
        )
    lines = _lines(prober.get("/metrics"))
    assert [line for line in lines if line.startswith(("holdfast_inc", "holdfast_pro", "holdfast_hea"))] == [
        'holdfast_incidents_open{tenant="acme"} 1',
        'holdfast_incidents_open{tenant="northwind"} 0',
        'holdfast_promises_not_kept{tenant="acme"} 1',
        'holdfast_promises_not_kept{tenant="northwind"} 0',
        f'holdfast_health_checked_time_seconds{{tenant="acme"}} {at_noon.timestamp()}',
    ]


def test_metrics_name_nobody(world: World, prober: Client, acme: Client) -> None:
    book(acme, at(10))
    with world.enter("acme"):
        booking = Booking.objects.get()
    said = prober.get("/metrics").content.decode()
    for secret in (booking.uid, booking.attendee_name, booking.attendee_email, live_settings.SECRET_KEY):
        assert secret not in said


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "203.0.113.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"HTTP_FORWARDED": "for=203.0.113.7"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_metrics_are_not_for_the_street(world: World, prober: Client, asked: dict[str, str]) -> None:
    response = prober.get("/metrics", **asked)  # type: ignore[arg-type]
    assert (response.status_code, response.content) == (404, b"Not found.\n")


def test_metrics_are_for_whoever_has_the_token_where_there_is_one(
    world: World, prober: Client, settings: Settings
) -> None:
    settings.HOLDFAST_METRICS_TOKEN = "let me see"
    far = {"REMOTE_ADDR": "203.0.113.7"}
    assert prober.get("/metrics").status_code == 404  # loopback alone is not enough any more
    assert prober.get("/metrics", headers={"Authorization": "Bearer let me"}, **far).status_code == 404
    assert prober.get("/metrics", headers={"Authorization": "Bearer let me see"}, **far).status_code == 200


def test_keys_are_those_of_the_hosts_own_ledger(world: World, acme: Client, northwind: Client) -> None:
    here, there = (
        acme.get("/.well-known/holdfast/keys.json"),
        northwind.get("/.well-known/holdfast/keys.json"),
    )
    assert (here.status_code, here["Content-Type"], here["Cache-Control"]) == (
        200,
        "application/json",
        "public, max-age=300",
    )
    with world.superuser("acme") as database:
        rows = database.execute("SELECT kid, valid_from FROM audit_key ORDER BY valid_from").fetchall()
    ledger = [key for key in read(here)["keys"] if key["use"] == "ledger"]
    assert [(key["kid"], key["valid_from"]) for key in ledger] == [(kid, str(first)) for kid, first in rows]
    assert {*ledger[0]} == {"use", "kid", "alg", "public_key", "valid_from", "valid_to"}
    assert json.loads(there.content)["keys"][0]["kid"] != ledger[0]["kid"]
    assert acme.post("/.well-known/holdfast/keys.json").status_code == 405
