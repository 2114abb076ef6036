"""What Django answers when nothing caught the error: a database that is away is 503, a fault of ours 500."""

import json

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from portal.outage import server_error
from tests.portal.api.asking import problem

AWAY = "The database cannot be reached right now; nothing was changed. Try again in a moment."
FAULT = "Something failed on our side. Try again; a booking sent again with its key is made only once."


def _answer(path: str, error: Exception) -> HttpResponse:
    try:
        raise error
    except Exception:  # as Django calls its handler500: inside the except clause
        return server_error(RequestFactory().get(path))


@pytest.mark.parametrize(
    "error", [OperationalError("no route to 10.1.2.3"), InterfaceError("connection is closed")]
)
def test_api_says_busy_while_the_database_is_away(error: Exception) -> None:
    response = _answer("/api/v1/slots", error)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert json.loads(response.content) == problem("busy", 503, "Busy, ask again", AWAY)


def test_api_says_nothing_about_a_fault_of_ours() -> None:
    response = _answer("/api/v1/slots", KeyError("secret"))
    assert (response.status_code, response.has_header("Retry-After")) == (500, False)
    assert json.loads(response.content) == problem("busy", 500, "Something failed on our side", FAULT)


def test_pages_answer_in_plain_words() -> None:
    away = _answer("/book/intro-call/", OperationalError("password=x"))
    assert (away.status_code, away.content.decode(), away["Retry-After"]) == (503, f"{AWAY}\n", "2")
    fault = _answer("/book/intro-call/", KeyError("secret"))
    assert (fault.status_code, fault.content.decode(), fault["Content-Type"]) == (
        500,
        f"{FAULT}\n",
        "text/plain; charset=utf-8",
    )
