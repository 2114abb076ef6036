"""Two addresses of one meeting type: told apart on the page and over the API, and kept wherever a booking leads."""

import re

import pytest
from django.test import Client

from booking.api import Booking, EventType
from jobs.api import drain
from tests.booking.conftest import mails as mails
from tests.database import World
from tests.portal.api.asking import at, body, book, read, send
from tests.portal.public.conftest import MARIA, START, WHOLE_DAY, Visitor, text, words
from tests.portal.public.test_booking_pages import ALTERNATIVE, hidden
from tests.simulators.smtp import MailSink

QUAY, ALMADA = "12 Quay Street", "Rua do Almada 5"
SECOND = "?duration=90&location=in_person-2"


@pytest.fixture(autouse=True)
def two_addresses(world: World) -> None:
    """Acme's site visit, at the quay or in the Rua do Almada."""
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(
            location_detail=QUAY, more_locations=[{"kind": "in_person", "detail": ALMADA}], series_most=5
        )


@pytest.fixture
def api() -> Client:
    return Client(headers={"host": "acme.localhost"})


def offer(world: World, *more: tuple[str, str], kind: str = "in_person", detail: str = QUAY) -> None:
    """Let the site visit take place there, and at these other places."""
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(
            location_kind=kind,
            location_detail=detail,
            more_locations=[{"kind": kind, "detail": detail} for kind, detail in more],
        )


def places(world: World) -> list[tuple[str, str]]:
    """Kind and detail of every booking's meeting, the first one first."""
    with world.enter("acme"):
        rows = Booking.objects.order_by("pk").select_related("meeting")
        return [(each.meeting.location_kind, each.meeting.location_detail) for each in rows]


def hold(acme: Visitor, query: str, **more: str) -> str:
    """Choose the first start that the picker shows at that address; the page that follows."""
    page = text(acme.get(f"/book/site-visit/{query}"))
    answer = acme.post("/book/site-visit/hold", hidden(page) | {"start": START.findall(page)[0]} | more)
    assert answer.status_code == 303, text(answer)
    return answer["Location"]


def labels(acme: Visitor, query: str = "") -> list[tuple[str, bool]]:
    """What the picker offers under "Where", and which of it is chosen."""
    nav = (
        text(acme.get(f"/book/site-visit/{query}")).partition('aria-label="Where"')[2].partition("</nav>")[0]
    )
    links = re.findall(r"<a ([^>]*)><bdi>([^<]*)</bdi>", nav)
    return [(label, 'aria-current="true"' in attributes) for attributes, label in links]


def test_the_picker_says_which_place_is_which_and_marks_the_chosen_one(acme: Visitor) -> None:
    quay, almada = f"In person, {QUAY}", f"In person, {ALMADA}"
    assert labels(acme) == [(quay, True), (almada, False)]
    assert labels(acme, "?location=in_person") == [(quay, True), (almada, False)]
    assert labels(acme, "?location=in_person-2") == [(quay, False), (almada, True)]
    assert labels(acme, "?location=in_person-3") == [(quay, True), (almada, False)]
    assert 'href="/book/site-visit/?location=in_person-2"' in text(acme.get("/book/site-visit/"))


def test_numbers_are_read_beforehand_only_where_they_are_the_choice(acme: Visitor, world: World) -> None:
    offer(world, ("phone", "We call you"))
    assert labels(acme) == [(f"In person, {QUAY}", True), ("By phone", False)]
    assert "We call you" not in text(acme.get("/book/site-visit/?location=phone"))
    offer(world, ("phone", "We call you"), ("phone", "You call us"))
    assert labels(acme, "?location=phone-2") == [
        (f"In person, {QUAY}", False),
        ("By phone, We call you", False),
        ("By phone, You call us", True),
    ]


def test_lists_say_that_there_are_more_places(acme: Visitor, world: World) -> None:
    assert f"In person, {QUAY} or 1 more place" in words(acme.get("/"))
    assert f"In person, {QUAY} or 1 more place" in words(acme.get("/with/ana/"))
    offer(world)
    assert "more place" not in words(acme.get("/"))


def test_the_second_address_is_held_shown_booked_and_told(
    acme: Visitor, world: World, mails: MailSink
) -> None:
    details = hold(acme, "?location=in_person-2")
    assert f"In person, {ALMADA}" in words(acme.get(details))
    page = acme.post(details, MARIA)["Location"]
    drain()
    assert places(world) == [("in_person", ALMADA)]
    assert f"Where In person, {ALMADA}" in words(acme.get(page))
    assert f"LOCATION:{ALMADA}" in text(acme.get(f"{page}meeting.ics"))
    (mail,) = [each.mail for each in mails.received if each.recipients == (MARIA["email"],)]
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"Where: {ALMADA}" in plain.get_content()
    (invite,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert f"LOCATION:{ALMADA}" in invite.get_content()
    assert not any(QUAY in str(part.get_payload(decode=True)) for part in mail.walk())


def test_a_move_stays_at_the_second_address(acme: Visitor, world: World, mails: MailSink) -> None:
    page = acme.post(hold(acme, "?location=in_person-2"), MARIA)["Location"]
    drain()
    moving = text(acme.get(f"{page}reschedule/{WHOLE_DAY}"))
    assert f"In person, {ALMADA}" in moving
    answer = acme.post(f"{page}reschedule/", hidden(moving) | {"start": START.findall(moving)[-1]})
    assert answer.status_code == 303
    drain()
    assert places(world) == [("in_person", ALMADA)]


def test_a_hold_that_is_given_back_leads_to_the_times_at_the_second_address(acme: Visitor) -> None:
    details = hold(acme, "?location=in_person-2")
    answer = acme.post(details.replace("/details/", "/release/"), {})
    assert answer["Location"] == f"/book/site-visit/{SECOND}"


def test_a_lost_race_keeps_the_second_address(acme: Visitor, stranger: Visitor, world: World) -> None:
    page = text(acme.get("/book/site-visit/?location=in_person-2"))
    chosen = hidden(page) | {"start": START.findall(page)[0]}
    stranger.hold("site-visit", start=chosen["start"])
    refused = text(acme.post("/book/site-visit/hold", chosen))
    assert 'href="/book/site-visit/?location=in_person-2"' in refused
    answer = acme.post("/book/site-visit/hold", hidden(refused) | {"start": ALTERNATIVE.findall(refused)[0]})
    assert answer.status_code == 303
    assert places(world) == [("in_person", QUAY), ("in_person", ALMADA)]


def test_a_hold_that_ran_out_keeps_the_second_address(acme: Visitor, world: World) -> None:
    details = hold(acme, "?location=in_person-2")
    with world.superuser("acme") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE booking_booking SET expires_at = now() - interval '1 minute'")
    refused = text(acme.post(details, MARIA))
    assert f'href="/book/site-visit/{SECOND}"' in refused
    answer = acme.post("/book/site-visit/hold", hidden(refused) | {"start": ALTERNATIVE.findall(refused)[0]})
    assert answer.status_code == 303
    assert places(world)[-1] == ("in_person", ALMADA)


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ([("in_person", ALMADA)], ("in_person", ALMADA)),
        ([("phone", "We call you"), ("in_person", ALMADA)], ("in_person", ALMADA)),
        ([("in_person", "Elsewhere")], ("in_person", QUAY)),
    ],
)
def test_booking_again_from_a_failed_booking_keeps_the_second_address_while_it_is_on_offer(
    acme: Visitor, world: World, more: list[tuple[str, str]], kept: tuple[str, str]
) -> None:
    page = acme.post(hold(acme, "?location=in_person-2"), MARIA)["Location"]
    with world.superuser("acme") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE booking_booking SET status = 'failed', expires_at = NULL")
    offer(world, *more)
    failed = text(acme.get(page))
    again = hidden(failed) | {"start": ALTERNATIVE.findall(failed)[0]}
    answer = acme.post("/book/site-visit/hold", again)
    assert (answer.status_code, places(world)[-1]) == (303, kept)


def test_the_mail_of_a_cancelled_booking_leads_back_to_the_second_address(
    acme: Visitor, mails: MailSink
) -> None:
    page = acme.post(hold(acme, "?location=in_person-2"), MARIA)["Location"]
    drain()
    acme.post(f"{page}cancel/", {"reason": ""})
    drain()
    assert f'href="/book/site-visit/{SECOND}"' in text(acme.get(page))
    cancelled = [each.mail for each in mails.received if each.recipients == (MARIA["email"],)][-1]
    plain = cancelled.get_body(("plain",))
    assert plain is not None
    assert f"/book/site-visit/{SECOND}" in plain.get_content()


def test_the_api_takes_the_key_of_each_place(api: Client, world: World) -> None:
    assert book(api, at(9), event_type="site-visit").status_code == 201
    assert book(api, at(12), event_type="site-visit", location="in_person").status_code == 201
    assert book(api, at(15), event_type="site-visit", location="in_person-2").status_code == 201
    assert places(world) == [("in_person", QUAY), ("in_person", QUAY), ("in_person", ALMADA)]


@pytest.mark.parametrize("key", ["in_person-3", "in_person-1", "phone"])
def test_the_api_refuses_a_key_that_is_not_on_offer_with_those_that_are(
    api: Client, world: World, key: str
) -> None:
    answer = book(api, at(9), event_type="site-visit", location=key)
    said = f"This meeting can take place: in_person ({QUAY}), in_person-2 ({ALMADA})."
    assert (answer.status_code, read(answer)["errors"]) == (400, {"location": said})
    assert places(world) == []


def test_the_same_idempotency_key_at_another_address_is_another_request(api: Client, world: World) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = book(api, at(9), headers=headers, event_type="site-visit", location="in_person-2")
    again = book(api, at(9), headers=headers, event_type="site-visit", location="in_person-2")
    other = book(api, at(9), headers=headers, event_type="site-visit", location="in_person")
    assert (first.status_code, again["Idempotency-Replayed"], other.status_code) == (201, "true", 422)
    assert places(world) == [("in_person", ALMADA)]


def test_a_series_takes_place_at_the_second_address_and_its_key_knows_it(api: Client, world: World) -> None:
    def asked(location: str) -> dict[str, object]:
        repeats = {"every": "week", "count": 3}
        return body(at(9), event_type="site-visit", recurrence=repeats, location=location)

    headers = {"Idempotency-Key": "k1"}
    made = send(api, "/api/v1/bookings", asked("in_person-2"), headers=headers)
    other = send(api, "/api/v1/bookings", asked("in_person"), headers=headers)
    assert (made.status_code, other.status_code) == (201, 422)
    assert places(world) == [("in_person", ALMADA)] * 3


def test_a_series_from_the_page_takes_place_at_the_second_address(acme: Visitor, world: World) -> None:
    repeats = {"repeat_every": "week", "repeat_count": "2"}
    answer = acme.post(hold(acme, "?location=in_person-2"), MARIA | repeats)
    assert answer.status_code == 303
    with world.enter("acme"):
        dates = Booking.objects.exclude(series=None).values_list("meeting__location_detail", flat=True)
        assert list(dates) == [ALMADA, ALMADA]
