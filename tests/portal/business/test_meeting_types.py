"""Meeting types in the portal: who may, what the form keeps, what its preview says, what is never lost."""

import re
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.api import body_of_entry, entries
from booking.api import (
    EventType,
    EventTypeHost,
    Host,
    InvalidOffering,
    cancel,
    create_event_type,
    questions_of,
)
from kernel.clock import now as clock_now
from portal.business.meeting_type_form import MeetingTypeForm
from tests.booking.scene import OWNER
from tests.database import World
from tests.portal.api.asking import open_monday
from tests.portal.business.conftest import CLIENT, Office

HERE = "/portal/meeting-types/"
YEARS_WORDS = "Choose a date of the years 2000 to 2199."


def form(world: World, **changed: Any) -> dict[str, Any]:
    """Return what a browser sends for a right new meeting type with Ana."""
    with world.enter("acme"):
        ana = Host.objects.get(slug="ana").pk
    values = {
        "act": "save", "title": "Second opinion", "slug": "", "description": "", "kind": "one_on_one",
        "capacity": "10", "duration_minutes": "45", "slot_interval_minutes": "", "buffer_before_minutes": "0",
        "buffer_after_minutes": "10", "notice": "2", "notice_unit": "days", "window_days": "30",
        "location_kind": "built_in_room", "link": "", "address": "", "phone": "", "active": "on",
        "hosts": [str(ana)], f"priority_{ana}": "0", "q-TOTAL_FORMS": "0", "q-INITIAL_FORMS": "0",
        "reminders": ["1440"],
    }  # fmt: skip
    return values | changed


def the(world: World, slug: str) -> EventType:
    with world.enter("acme"):
        return EventType.objects.get(slug=slug)


def slugs(world: World) -> list[str]:
    with world.enter("acme"):
        return list(EventType.objects.values_list("slug", flat=True))


def test_new_meeting_type_is_stored_and_signed_without_its_words(alice: Client, world: World) -> None:
    answer = alice.post(f"{HERE}new/", form(world))
    assert (answer.status_code, answer["Location"]) == (303, HERE)
    made = the(world, "second-opinion")
    kept = (made.title, made.duration_minutes, made.slot_interval_minutes, made.minimum_notice_minutes)
    assert kept == ("Second opinion", 45, 45, 2880)
    assert (made.buffer_after_minutes, made.window_days, made.capacity, made.position) == (10, 30, 1, 3)
    assert made.reminder_minutes == [1440]
    with world.enter("acme"):
        (entry,) = entries(subject=f"event_type:{made.pk}")
        body = body_of_entry(entry)
        host = Host.objects.get(slug="ana").pk
    assert (body["action"], body["actor"]["type"]) == ("create_event_type", "user")
    assert body["payload"]["after"]["hosts"] == [[host, 0, 1, None]]
    assert "Second opinion" not in bytes(entry.body).decode()


def test_the_order_of_ways_to_meet_is_kept_signed_and_shown_again(alice: Client, world: World) -> None:
    ways = {"fallback_1": "google_meet", "fallback_2": "fixed_link", "link": "https://meet.example/ana"}
    alice.post(f"{HERE}new/", form(world, **ways))
    made = the(world, "second-opinion")
    assert made.fallback_locations == [
        {"kind": "google_meet", "detail": ""},
        {"kind": "fixed_link", "detail": "https://meet.example/ana"},
    ]
    with world.enter("acme"):
        (entry,) = entries(subject=f"event_type:{made.pk}")
        assert body_of_entry(entry)["payload"]["after"]["fallbacks"] == ["google_meet", "fixed_link"]
    page = alice.get(f"{HERE}{made.pk}/").content.decode()
    assert page.count('<option value="google_meet" selected>') == 1
    assert page.count('<option value="fixed_link" selected>') == 1


def places(event_type: EventType) -> list[tuple[str, str]]:
    """Kind and detail of every place on offer, the first one first."""
    more = [(each["kind"], each["detail"]) for each in event_type.more_locations]
    return [(event_type.location_kind, event_type.location_detail), *more]


def sent_unchanged(page: str) -> dict[str, Any]:
    """What a browser sends of the form's places and words when nobody changes anything."""
    fields = re.findall(r'<textarea id="id_\w+" name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    ticked = re.findall(r'type="checkbox" name="more_locations" value="(\w+)" checked', page)
    (kind,) = re.findall(r'type="radio" name="location_kind" value="(\w+)" checked', page)
    lines = {name: value.replace("\n", "\r\n") for name, value in fields}
    return {**lines, "more_locations": ticked, "location_kind": kind}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            {"location_kind": "in_person", "address": " 12 Quay Street \r\n\r\nRua do Almada 5\r\n"},
            [("in_person", "12 Quay Street"), ("in_person", "Rua do Almada 5")],
        ),
        (
            {
                "location_kind": "built_in_room", "more_locations": ["in_person", "phone"],
                "address": "12 Quay Street\r\nRua do Almada 5", "phone": "We call you\r\nYou call us",
            },
            [
                ("built_in_room", ""), ("in_person", "12 Quay Street"), ("in_person", "Rua do Almada 5"),
                ("phone", "We call you"), ("phone", "You call us"),
            ],
        ),
        (
            {
                "location_kind": "phone", "more_locations": ["phone", "fixed_link"], "address": "Nowhere\r\nAt all",
                "phone": "We call you\r\nYou call us", "link": "https://meet.example/ana",
            },
            [("phone", "We call you"), ("phone", "You call us"), ("fixed_link", "https://meet.example/ana")],
        ),
    ],
)  # fmt: skip
def test_each_line_is_a_place_and_is_shown_again_as_it_was_written(
    alice: Client, world: World, sent: dict[str, Any], kept: list[tuple[str, str]]
) -> None:
    assert alice.post(f"{HERE}new/", form(world, **sent)).status_code == 303
    made = the(world, "second-opinion")
    assert places(made) == kept
    page = alice.get(f"{HERE}{made.pk}/").content.decode()
    again = form(world, slug=made.slug, link=sent.get("link", ""), **sent_unchanged(page))
    assert alice.post(f"{HERE}{made.pk}/", again).status_code == 303
    assert places(the(world, "second-opinion")) == kept


def test_the_form_says_how_several_addresses_are_written_and_previews_that_there_are_more(
    alice: Client, world: World
) -> None:
    sent = form(world, location_kind="in_person", address="12 Quay Street\r\nRua do Almada 5\r\nRossio 1")
    page = alice.post(f"{HERE}new/", sent | {"act": "preview"}).content.decode()
    assert "Several, each on a line of its own: the client chooses one." in page
    assert "12 Quay Street\nRua do Almada 5\nRossio 1</textarea>" in page.replace("\r", "")
    assert "<bdi>In person, 12 Quay Street</bdi> or 2 more places" in page
    alice.post(f"{HERE}new/", sent)
    assert "<bdi>In person, 12 Quay Street</bdi> or 2 more places" in alice.get(HERE).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": " "}, "Give it a title that clients read."),
        ({"duration_minutes": "4"}, "Write a whole number of minutes from 5 to 1,440."),
        ({"duration_minutes": "soon"}, "Write a whole number of minutes from 5 to 1,440."),
        ({"window_days": "731"}, "Write a whole number of days from 1 to 730."),
        ({"window_first_date": "2026-01-01", "window_last_date": "9999-12-31"}, YEARS_WORDS),
        ({"window_first_date": "0001-01-01", "window_last_date": "2026-01-01"}, YEARS_WORDS),
        ({"slug": "Ana & co"}, "Use small letters, digits and hyphens"),
        ({"slug": "intro-call"}, "Another meeting type has this address."),
        ({"hosts": []}, "Choose at least one host"),
        ({"hosts": ["999999"]}, "One of these hosts is not there any more."),
        ({"kind": "collective"}, "A collective meeting needs at least two hosts."),
        ({"kind": "group", "capacity": ""}, "Say how many seats a session has."),
        ({"kind": "circus"}, "Choose a kind."),
        ({"location_kind": "fixed_link", "link": "http://meet.example/me"}, "must be an address that starts"),
        ({"location_kind": "in_person"}, "Say where: the client reads it"),
        ({"location_kind": "phone"}, "Say who calls whom"),
        (
            {"location_kind": "in_person", "address": "12 Quay Street\r\n12 quay street"},
            "Two of these places are the same. Write each of them once.",
        ),
        (
            {"location_kind": "in_person", "address": f"{'x' * 301}\r\nRua do Almada 5"},
            "Each place is one line of up to 300 characters.",
        ),
        (
            {"location_kind": "in_person", "address": "\r\n".join(map(str, range(21)))},
            "A meeting type has up to 20 places.",
        ),
        (
            {"location_kind": "phone", "phone": "We\r\nYou", "kind": "group"},
            "A group session has one place: everybody comes to the same one.",
        ),
        ({"more_locations": ["in_person"], "address": " \r\n "}, "This place is offered too: write it here."),
        ({"fallback_1": "built_in_room"}, "Choose each way once."),
        ({"fallback_1": "jitsi"}, "Connect your Jitsi server first"),
        ({"fallback_1": "fixed_link"}, "This place is offered too: write it here."),
        (
            {"location_kind": "phone", "phone": "We call you", "fallback_1": "built_in_room"},
            "Only an online meeting can be held another way.",
        ),
        ({"reminders": ["15", "60", "240", "1440", "2880", "10080"]}, "There can be 5 reminders at most."),
        ({"reminders": ["7"]}, "Choose from the list."),
        ({"notice": "400", "notice_unit": "days"}, "The minimum notice is at most 365 days."),
    ],
)
def test_what_is_wrong_is_said_on_the_page_and_nothing_typed_is_lost(
    alice: Client, world: World, changed: dict[str, Any], words: str
) -> None:
    before = slugs(world)
    answer = alice.post(f"{HERE}new/", form(world, description="Bring your plans.", **changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Bring your plans." in page
    assert 'value="45"' in page or "duration_minutes" in changed
    assert slugs(world) == before


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ((date(2026, 1, 1), date(9999, 12, 31)), "window_last_date"),
        ((date(1, 1, 1), date(2026, 1, 1)), "window_first_date"),
    ],
)
def test_the_domain_itself_refuses_a_window_beyond_the_calendar(
    world: World, dates: tuple[date, date], field: str
) -> None:
    sent = form(world, window_first_date="2026-01-01", window_last_date="2026-01-02")
    with world.enter("acme"):
        filled = MeetingTypeForm(sent, hosts=list(Host.objects.all()))
        assert filled.is_valid(), filled.errors
        wanted = replace(filled.offering(()), window_dates=dates)
        with pytest.raises(InvalidOffering) as refused:
            create_event_type(wanted, actor=OWNER)
    assert refused.value.faults == {field: YEARS_WORDS}


def test_a_window_stored_without_an_end_breaks_no_page(alice: Client, world: World) -> None:
    with world.enter("acme"):
        visit = EventType.objects.get(slug="site-visit")
        visit.window_first_date, visit.window_last_date = date(2026, 1, 1), date.max
        visit.save()
    day = open_monday()
    public = Client(headers={"host": "acme.localhost"})
    asked = public.get("/api/v1/slots", {"event_type": "site-visit", "start": day, "end": day})
    assert (asked.status_code, list(asked.json()["slots"])) == (200, [day.isoformat()])
    assert public.get("/book/site-visit/").status_code == 200
    assert public.get("/book/site-visit/?month=2199-12").status_code == 200
    assert public.get("/book/site-visit/?month=2199-12&time_zone=America/New_York").status_code == 200
    page = alice.get(f"{HERE}{visit.pk}/")
    assert (page.status_code, "9999-12-31" in page.content.decode()) == (200, True)
    for address in (
        "/portal/bookings/new/?event_type=site-visit&week=2199-12-31",
        "/portal/why/?event_type=site-visit&date=2199-12-31",
    ):
        assert alice.get(address).status_code == 200, address


def test_without_a_slug_a_second_one_gets_a_number(alice: Client, world: World) -> None:
    alice.post(f"{HERE}new/", form(world, title="Intro call"))
    assert slugs(world) == ["intro-call", "consultation", "site-visit", "intro-call-2"]


def test_editing_leaves_what_is_booked_as_it_is(alice: Client, world: World, office: Office) -> None:
    booking = office.book()
    visit = the(world, "site-visit")
    changed = form(
        world, title="Site visit", slug="visit", duration_minutes="30", location_kind="phone", phone="We call"
    )
    assert alice.post(f"{HERE}{visit.pk}/", changed).status_code == 303
    after = office.read(booking).meeting
    assert (after.starts_at, after.ends_at) == (booking.meeting.starts_at, booking.meeting.ends_at)
    assert (after.location_kind, after.location_detail) == ("in_person", "Rua do Alecrim 26, Lisboa")
    assert the(world, "visit").duration_minutes == 30
    with world.enter("acme"):
        body = body_of_entry(entries(subject=f"event_type:{visit.pk}")[-1])
    assert (body["payload"]["before"]["duration_minutes"], body["payload"]["after"]["duration_minutes"]) == (
        90,
        30,
    )
    assert body["payload"]["words_changed"] == ["slug", "description", "location_detail"]


@pytest.mark.parametrize(
    ("kind", "wish", "stays"),
    [("group", "one_on_one", "a group session"), ("one_on_one", "group", "without seats")],
)
def test_seats_neither_come_nor_go_while_meetings_lie_ahead(
    alice: Client, world: World, office: Office, kind: str, wish: str, stays: str
) -> None:
    visit = the(world, "site-visit")
    with world.enter("acme"):
        EventType.objects.filter(pk=visit.pk).update(kind=kind, capacity=3 if kind == "group" else 1)
    booking = office.book()
    changed = form(
        world, title="Site visit", kind=wish, location_kind="in_person", address="Here", series_most=""
    )
    answer = alice.post(f"{HERE}{visit.pk}/", changed)
    said = (
        f"Meetings of this type lie ahead, so it stays {stays}. Hide it and make another meeting type, "
        "or cancel them first."
    )
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert the(world, "site-visit").kind == kind
    assert alice.post(f"{HERE}{visit.pk}/", changed | {"kind": kind}).status_code == 303
    with world.enter("acme"):
        cancel(office.read(booking), reason="", now=clock_now(), actor=CLIENT)
    assert alice.post(f"{HERE}{visit.pk}/", changed).status_code == 303
    assert the(world, "site-visit").kind == wish


def test_a_kind_without_seats_becomes_another_one_whatever_is_booked(
    alice: Client, world: World, office: Office
) -> None:
    office.book()
    visit = the(world, "site-visit")
    changed = form(world, title="Site visit", kind="round_robin", location_kind="in_person", address="Here")
    assert alice.post(f"{HERE}{visit.pk}/", changed).status_code == 303
    assert the(world, "site-visit").kind == "round_robin"


def test_questions_are_added_removed_and_kept(alice: Client, world: World) -> None:
    rows = {
        "q-TOTAL_FORMS": "2", "q-0-label": "Your company", "q-0-kind": "text", "q-0-required": "on",
        "q-1-label": "How did you hear of us?", "q-1-kind": "choice", "q-1-choices": "A friend\nA search\n\nA friend",
    }  # fmt: skip
    page = alice.post(f"{HERE}new/", form(world, **rows) | {"act": "add_question"}).content.decode()
    assert 'name="q-TOTAL_FORMS" value="3"' in page
    page = alice.post(f"{HERE}new/", form(world, **rows) | {"act": "remove_question_0"}).content.decode()
    assert 'name="q-TOTAL_FORMS" value="1"' in page
    assert "How did you hear of us?" in page
    assert "Your company" not in page
    assert alice.post(f"{HERE}new/", form(world, **rows)).status_code == 303
    kept = questions_of(the(world, "second-opinion"))
    assert [(each.label, each.kind, each.required, each.choices) for each in kept] == [
        ("Your company", "text", True, ()),
        ("How did you hear of us?", "choice", False, ("A friend", "A search")),
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            {"q-0-label": "Size?", "q-0-kind": "choice", "q-0-choices": "Only one"},
            "Write at least two choices",
        ),
        ({"q-0-label": "Notes"}, "is asked of everybody already"),
        ({"q-0-label": "Who", "q-TOTAL_FORMS": "2", "q-1-label": "who"}, "Two questions are the same."),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    alice: Client, world: World, rows: dict[str, str], words: str
) -> None:
    answer = alice.post(f"{HERE}new/", form(world, **{"q-TOTAL_FORMS": "1", **rows}))
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize("number", ["²", pytest.param("9" * 5000, id="huge"), "", "-1", "x"])
def test_a_row_that_is_not_there_is_not_removed(alice: Client, world: World, number: str) -> None:
    sent = form(world, act=f"remove_question_{number}", **{"q-TOTAL_FORMS": "1", "q-0-label": "Why?"})
    page = alice.post(f"{HERE}new/", sent)
    assert (page.status_code, 'value="Why?"' in page.content.decode()) == (200, True)


def test_preview_shows_the_card_and_open_times_of_unsaved_values(alice: Client, world: World) -> None:
    typed = form(world, title="A new one", duration_minutes="60", notice="0")
    fragment = alice.post(f"{HERE}preview/", typed, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<section id="preview"')
    assert "<bdi>A new one</bdi>" in fragment
    assert "1 hour" in fragment
    assert re.search(r'<li class="figures">\d\d:\d\d</li>', fragment)
    whole = alice.post(f"{HERE}new/", typed | {"act": "preview"}).content.decode()
    assert "<bdi>A new one</bdi>" in whole
    assert whole.count("<html") == 1
    assert "a-new-one" not in slugs(world)


def test_preview_counts_unsaved_notice_and_hours(alice: Client, world: World) -> None:
    typed = form(world, notice="40", notice_unit="days", window_days="20")
    fragment = alice.post(f"{HERE}preview/", typed).content.decode()
    assert "No open time from" in fragment


def test_preview_of_wrong_values_says_what_is_missing(alice: Client, world: World) -> None:
    fragment = alice.post(f"{HERE}preview/", form(world, title="")).content.decode()
    assert "when every field is right" in fragment


def test_order_is_changed_by_buttons(alice: Client, world: World) -> None:
    visit = the(world, "site-visit")
    alice.post(f"{HERE}{visit.pk}/place/", {"to": "up"})
    assert slugs(world) == ["intro-call", "site-visit", "consultation"]
    alice.post(f"{HERE}{visit.pk}/place/", {"to": "down"})
    alice.post(f"{HERE}{visit.pk}/place/", {"to": "down"})
    assert slugs(world) == ["intro-call", "consultation", "site-visit"]
    with world.enter("acme"):
        assert len(entries(subject="event_types")) == 2


def test_hidden_type_is_not_offered_and_can_be_shown_again(alice: Client, world: World) -> None:
    intro = the(world, "intro-call")
    guest = Client(headers={"host": "acme.localhost"})
    alice.post(f"{HERE}{intro.pk}/offer/", {"offered": "no"})
    assert guest.get("/book/intro-call/").status_code == 404
    alice.post(f"{HERE}{intro.pk}/offer/", {"offered": "yes"})
    assert guest.get("/book/intro-call/").status_code == 200


def test_copy_is_hidden_and_has_the_same_hosts(alice: Client, world: World) -> None:
    intro = the(world, "intro-call")
    answer = alice.post(f"{HERE}{intro.pk}/duplicate/")
    copy = the(world, "intro-call-2")
    assert answer["Location"] == f"{HERE}{copy.pk}/"
    assert (copy.title, copy.active, copy.duration_minutes) == ("Copy of Intro call", False, 30)
    with world.enter("acme"):
        hosts = EventTypeHost.objects.filter(event_type=copy)
        assert [row.host.slug for row in hosts] == ["ana"]


def test_only_what_was_never_booked_can_be_deleted(alice: Client, world: World, office: Office) -> None:
    office.book()
    visit, intro = the(world, "site-visit"), the(world, "intro-call")
    refused = alice.post(f"{HERE}{visit.pk}/delete/")
    assert refused.status_code == 409
    assert "It was booked 1 time, and what was booked stays on record." in refused.content.decode()
    assert alice.post(f"{HERE}{intro.pk}/delete/").status_code == 303
    assert slugs(world) == ["consultation", "site-visit"]


PATHS = ("new/", "{pk}/delete/")
ACTS = ("new/", "{pk}/place/", "{pk}/offer/", "{pk}/duplicate/", "{pk}/delete/")


def test_a_host_may_not_and_a_stranger_is_asked_to_sign_in(
    ana: Client, stranger: Client, world: World
) -> None:
    pk = the(world, "intro-call").pk
    anonymous = Client(headers={"host": "acme.localhost"})
    for method, paths in (("get", PATHS), ("post", ACTS)):
        for path in paths:
            address = HERE + path.format(pk=pk)
            assert getattr(ana, method)(address).status_code == 403, address
            for nobody in (stranger, anonymous):
                answer = getattr(nobody, method)(address)
                assert (answer.status_code, answer["Location"]) == (
                    302, f"/accounts/login/?{urlencode({'next': address}, safe='/')}",
                )  # fmt: skip
    assert slugs(world) == ["intro-call", "consultation", "site-visit"]


def test_what_is_not_there_is_a_404_in_words(alice: Client) -> None:
    for path in ("999/", "999/delete/"):
        assert "No such meeting type" in alice.get(HERE + path).content.decode()
    for path in ("999/place/", "999/offer/", "999/duplicate/", "999/"):
        assert alice.post(HERE + path).status_code == 404


def test_empty_list_says_what_to_do_first(alice: Client, world: World) -> None:
    with world.enter("acme"):
        EventType.objects.all().delete()
    assert "Nothing can be booked yet" in alice.get(HERE).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(alice: Client, world: World, rows: int) -> None:
    with world.enter("acme"):
        for event_type in EventType.objects.all()[rows:]:
            event_type.delete()
    alice.get(HERE)  # the host is known to this process from now on
    with CaptureQueriesContext(connection) as asked:
        assert alice.get(HERE).content.decode().count('class="type"') == rows
    assert len(asked) == 6
