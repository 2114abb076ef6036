"""What a meeting type asks: the details page asks it, the answers are kept and shown, every door checks them."""

import json
from typing import Any

import pytest
from django.test import Client

from booking.api import Booking, EventType, InvalidBooking, Question
from booking.questions import check_answers, stored_questions
from jobs.api import drain
from tests.database import World
from tests.portal.public.conftest import MARIA, Visitor, text, words

ASKED = (
    Question("Your company", "text", required=True),
    Question("What is it about?", "long"),
    Question("How did you hear of us?", "choice", required=True, choices=("A friend", "A search")),
    Question("I have read the terms", "checkbox", required=True),
)
ANSWERED = {"question_0": " Widgets Ltd ", "question_2": "A search", "question_3": "on"}


@pytest.fixture
def asking(world: World) -> EventType:
    """Acme's site visit, which asks four things."""
    with world.enter("acme"):
        found = EventType.objects.get(slug="site-visit")
        found.questions = stored_questions(ASKED)
        found.save()
        return found


def kept(world: World) -> dict[str, str]:
    with world.enter("acme"):
        answers: dict[str, str] = Booking.objects.exclude(attendee_email="").get().answers
        return answers


def test_answers_are_asked_kept_and_shown(acme: Visitor, asking: EventType, world: World) -> None:
    page = acme.hold("site-visit")
    source = text(acme.get(page))
    for question in ASKED:
        assert question.label in source
    assert "(optional)" in source
    answer = acme.post(page, MARIA | ANSWERED | {"notes": "Ring twice."})
    assert answer.status_code == 303
    assert kept(world) == {
        "Your company": "Widgets Ltd", "How did you hear of us?": "A search",
        "I have read the terms": "Yes", "notes": "Ring twice.",
    }  # fmt: skip
    drain()
    shown = words(acme.get(answer["Location"]))
    assert "Your company Widgets Ltd" in shown
    assert "I have read the terms Yes" in shown


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("question_0", "Your host needs an answer to this."),
        ("question_2", "Your host needs an answer to this."),
        ("question_3", "Tick this to go on."),
    ],
)
def test_a_missing_answer_is_said_on_its_question_and_nothing_is_lost(
    acme: Visitor, asking: EventType, left_out: str, said: str
) -> None:
    page = acme.hold("site-visit")
    answer = acme.post(page, MARIA | {name: value for name, value in ANSWERED.items() if name != left_out})
    assert answer.status_code == 422
    assert said in words(answer)
    assert MARIA["name"] in text(answer)


def test_an_answer_that_is_no_choice_is_refused(acme: Visitor, asking: EventType) -> None:
    page = acme.hold("site-visit")
    answer = acme.post(page, MARIA | ANSWERED | {"question_2": "A dream"})
    assert (answer.status_code, "Choose one of these." in words(answer)) == (422, True)


def test_the_api_asks_the_same(acme: Visitor, asking: EventType, world: World) -> None:
    start = acme.starts("site-visit")[0]
    body: dict[str, Any] = {
        "event_type": "site-visit", "start": start.replace("+00:00", "Z"), "time_zone": "Europe/Lisbon",
        "attendee": {"name": "Ben", "email": "ben@example.com"},
    }  # fmt: skip
    client = Client(headers={"host": "acme.localhost"})

    def send(answers: dict[str, str]) -> Any:
        return client.post(
            "/api/v1/bookings", json.dumps({**body, "answers": answers}), content_type="application/json"
        )

    refused = send({"Your company": "Widgets"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert "How did you hear of us?" in refused.content.decode()
    given = {
        "Your company": "W", "How did you hear of us?": "A friend", "I have read the terms": "Yes", "more": "x"
    }  # fmt: skip
    assert send(given).status_code == 201
    assert kept(world) == given


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers.Your company"),
        ({"Your company": "W", "How did you hear of us?": "No"}, "answers.How did you hear of us?"),
        (
            {"Your company": "W", "How did you hear of us?": "A friend", "I have read the terms": "No"},
            "answers.I have read the terms",
        ),
    ],
)
def test_the_domain_names_the_question_that_is_wrong(answers: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidBooking) as fault:
        check_answers(ASKED, answers)
    assert fault.value.field == field
