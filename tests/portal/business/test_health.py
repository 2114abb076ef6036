"""Health: incidents in consequences, what can be done about each, the dry run, and nobody else's business."""

import pytest
from django.db import transaction
from django.test import Client

from audit.api import Run
from booking.api import incidents, open_incident
from booking.models import ProbeResult
from jobs.api import Job
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tests.database import World
from tests.portal.business.conftest import Office

PAGE = "/portal/health/"


@pytest.fixture
def incident(world: World) -> int:
    """Ana's calendar cannot be read; the fixer knows a repair."""
    with world.enter("acme"):
        return open_incident(
            "calendars",
            subject="calendar:1",
            title="Ana’s calendar did not answer.",
            consequence="Clients see no slots of Ana Martins.",
            repair="stale_connection",
            now=now(),
        ).pk


def text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, address: str) -> str:
    """Post, follow the 303, and return the page."""
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    return text(client)


def test_an_untouched_business_says_that_nothing_was_checked_yet(alice: Client) -> None:
    page = text(alice)
    assert "Nothing was checked yet. The first check runs within five minutes." in page
    assert "Nothing had to be repaired yet." in page


def test_all_well_is_one_short_line(alice: Client, world: World) -> None:
    with world.enter("acme"):
        for probe in ("guard", "mail"):
            ProbeResult.objects.create(
                probe=probe, state="ok", words="Fine.", since_at=now(), checked_at=now()
            )
    page = text(alice)
    assert "All is well." in page
    assert "2 promises kept" in page


def test_an_incident_leads_with_its_consequence_and_can_be_repaired(
    alice: Client, world: World, incident: int
) -> None:
    page = text(alice)
    assert "<h3>Clients see no slots of Ana Martins.</h3>" in page
    with entered(PUBLIC):
        Job.objects.all().delete()
    assert "The fixer is at it." in post(alice, f"{PAGE}incidents/{incident}/repair/")
    with entered(PUBLIC):
        assert list(Job.objects.values_list("kind", "ref")) == [("fixer", f"incident:{incident}")]


def test_an_incident_is_marked_as_resolved_once_and_signed(
    alice: Client, world: World, incident: int
) -> None:
    assert "Marked as resolved." in post(alice, f"{PAGE}incidents/{incident}/resolve/")
    assert "This incident was closed already." in post(alice, f"{PAGE}incidents/{incident}/resolve/")
    assert "There is nothing to repair any more" in post(alice, f"{PAGE}incidents/{incident}/repair/")
    with world.enter("acme"):
        from audit.api import entries

        assert incidents() == []
        signed = [entry.action for entry in entries(subject=f"incident:{incident}")]
    assert signed == ["open_incident", "resolve_incident"]


def test_unknown_incidents_are_words_not_errors(alice: Client) -> None:
    for act in ("repair", "resolve"):
        post(alice, f"{PAGE}incidents/999999/{act}/")


def test_check_now_starts_one_run_by_its_user(alice: Client, world: World) -> None:
    assert "The check runs." in post(alice, f"{PAGE}check/")
    post(alice, f"{PAGE}check/")
    with world.enter("acme"):
        (run,) = Run.objects.filter(workflow="health_check")
    assert (run.payload["why"], run.actor_type) == ("asked", "user")


def test_the_dry_run_says_what_it_would_do_and_does_nothing(alice: Client, office: Office) -> None:
    assert "It would do nothing now" in text(alice, f"{PAGE}?fixer=dry-run")
    office.book(perform=False)
    with entered(PUBLIC), transaction.atomic():
        Job.objects.all().delete()
    page = text(alice, f"{PAGE}?fixer=dry-run")
    assert "stands still: nobody performs it." in page
    assert "It would: have it performed again, from where it stands still." in page
    with office.world.enter("acme"):
        assert not Run.objects.filter(workflow="fixer").exists()


def test_a_repair_stands_in_recent_repairs_with_its_run(alice: Client, office: Office) -> None:
    office.book(perform=False)
    with entered(PUBLIC):
        Job.objects.all().delete()
    with office.world.enter("acme"):
        from booking.repairs.passes import start_repair
        from booking.repairs.registry import BY_NAME
        from booking.repairs.repair import Search

        (broken,) = BY_NAME["stuck_run"].find(Search(now(), eager=True))
        start_repair(BY_NAME["stuck_run"], broken, now=now())
    office.perform()
    page = text(alice)
    assert "Resumed what stood still" in page
    assert "Had it performed again, from where it stood still" in page


@pytest.mark.parametrize(
    "address", [PAGE, f"{PAGE}check/", f"{PAGE}incidents/1/repair/", f"{PAGE}incidents/1/resolve/"]
)
def test_hosts_and_strangers_are_kept_out(
    ana: Client, stranger: Client, client_for: object, address: str
) -> None:
    ask = "get" if address == PAGE else "post"
    assert getattr(ana, ask)(address).status_code == 403
    away = getattr(stranger, ask)(address)
    assert (away.status_code, away["Location"].startswith("/accounts/login/")) == (302, True)


def test_the_page_asks_a_fixed_number_of_questions(alice: Client, world: World, incident: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    text(alice)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            text(alice)
        return len(asked)

    first = questions()
    with world.enter("acme"):
        for number in range(5):
            open_incident(
                "calendars", subject=f"calendar:{number + 2}", title="T", consequence="C", now=now()
            )
    assert questions() == first
