"""Promise 4. Confirmation, invite, the host's calendar event, the team's notice and the webhook go out on their
own, once each, whatever is delivered twice or has to be tried again."""

import json
from collections import Counter

import icalendar
from django.test import Client

from booking.api import event_uid
from jobs.api import Job, drain, perform
from kernel.tenancy import PUBLIC, entered
from tests.booking.scene import BEN, booked, workday
from tests.database import World
from tests.portal.api.asking import at, book, read
from tests.promises.conftest import Calendar
from tests.promises.scene import invite_in, mails_to, perform_all, reread
from tests.simulators.http import Answer, Site
from tests.simulators.smtp import MailSink

START = workday(10)
ANA, TEAM = "ana@acme.example", "owner@acme.example"


def test_promise_4_everyone_is_told(
    world: World, web: str, mails: MailSink, webhook: Site, calendar: Calendar
) -> None:
    with world.enter("acme"):
        booking = booked("intro-call", START)
        perform_all()
        _deliver_every_job_again()
        confirmed = reread(booking)
        uid = event_uid(confirmed.meeting.uid)
    assert confirmed.status == "confirmed"

    assert Counter(each.recipients for each in mails.received) == {(BEN.email,): 1, (ANA,): 1, (TEAM,): 1}
    invites = {
        each.recipients[0]: invite_in(each) for each in mails.received if b"text/calendar" in each.content
    }
    assert set(invites) == {BEN.email, ANA}
    for invite in invites.values():
        (event,) = invite.events
        assert (str(invite["METHOD"]), str(event["UID"]), event["SEQUENCE"]) == ("REQUEST", uid, 0)
        assert (event.start, str(event["URL"])) == (START, confirmed.meeting.join_url)

    (text,) = calendar.texts()
    (event,) = icalendar.Calendar.from_ical(text).events
    assert (str(event["UID"]), event.start, str(event["LOCATION"])) == (
        uid,
        START,
        confirmed.meeting.join_url,
    )

    (told,) = webhook.seen
    assert json.loads(told.body)["type"] == "booking.confirmed"


def test_what_has_to_be_tried_again_tells_nobody_twice(
    world: World, web: str, mails: MailSink, webhook: Site
) -> None:
    mails.plan = ["none", "451 at data"]  # the client's mail is taken, the host's must wait
    slow = iter([503])
    webhook.answer = lambda seen: Answer(status=next(slow, 200))
    with world.enter("acme"):
        booked("intro-call", START)
        perform_all()
    assert Counter(each.recipients for each in mails.received) == {(BEN.email,): 1, (ANA,): 1, (TEAM,): 1}
    assert [each.headers["webhook-id"] for each in webhook.seen] == [
        webhook.seen[0].headers["webhook-id"]
    ] * 2


def test_a_request_sent_again_with_its_key_is_the_same_booking(
    world: World, acme: Client, web: str, mails: MailSink
) -> None:
    key = {"Idempotency-Key": "b4b2a7f2-3bd6-4f3e-9f0e-8e2a7d1c5a10"}
    first, again = (read(book(acme, at(10), event_type="site-visit", headers=key)) for _ in range(2))
    perform_all()
    assert (first["uid"], first["status"]) == (again.get("uid"), again.get("status"))
    assert len(mails_to(mails, "bruno@example.com")) == 1


def _deliver_every_job_again() -> None:
    """Do as a broker that delivers twice, and as a relay that hands on what was done already."""
    with entered(PUBLIC):
        ids = list(Job.objects.values_list("pk", flat=True))
    assert [perform(each) for each in ids] == [False] * len(ids)
    assert drain() == 0
