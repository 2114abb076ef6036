"""Promise 6, continued. The health check sees a fault that the product itself cannot see, and the fixer mends what is
known to be mendable: once, however many ask for it at the same moment."""

from datetime import timedelta

from django.db import transaction

from audit.api import Run
from booking.api import incidents, run_probes
from jobs.api import Job, enqueue
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tests.booking.scene import booked, workday
from tests.database import World
from tests.promises.scene import at_once, perform_all
from tests.simulators.smtp import MailSink


def test_a_guard_that_stands_but_refuses_nothing_is_seen(world: World, web: str, mails: MailSink) -> None:
    with world.owner("acme") as owner:
        owner.execute(
            "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap, "
            "ADD CONSTRAINT booking_occupancy_no_overlap EXCLUDE USING gist "
            "(resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL AND id < 0)"
        )
    with world.enter("acme"):
        (guard,) = [each for each in run_probes(now()) if each.probe.name == "guard"]
    assert (guard.state, guard.worst.consequence) == (
        "bad",
        "No bookings are taken: without the guard two clients could be given the same time.",
    )


def test_a_run_that_stands_still_is_mended_once_however_many_look(world: World, mails: MailSink) -> None:
    with world.enter("acme"):
        booked("site-visit", workday(11))
        with entered(PUBLIC):
            Job.objects.all().delete()
        Run.objects.update(started_at=now() - timedelta(minutes=3))

    def look() -> None:
        from booking.repairs.passes import start_repair
        from booking.repairs.registry import BY_NAME
        from booking.repairs.repair import Search

        with world.enter("acme"):
            for broken in BY_NAME["stuck_run"].find(Search(now())):
                start_repair(BY_NAME["stuck_run"], broken, now=now())

    at_once([look, look, look])
    perform_all()
    with world.enter("acme"):
        assert sorted(Run.objects.values_list("workflow", "state")) == [
            ("fixer", "done"),
            ("new_booking", "done"),
        ]
        assert len(mails.received) == 3
        assert incidents() == []
    with world.enter("acme"), transaction.atomic():
        enqueue("fixer", ref="pass:1", now=now())
    perform_all()
    with world.enter("acme"):
        assert Run.objects.filter(workflow="fixer").count() == 1
