"""Reading, cancelling and rescheduling one booking: with its token or a key, and with nothing else."""

from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.api import create_api_key
from audit.api import Entry, body_of_entry
from booking.api import Booking
from kernel.clock import now
from tests.booking.clockwork import perform_all
from tests.database import World
from tests.portal.api.asking import at, bearer, book, problem, read, send, token_of
from tests.simulators.smtp import mail_sink

NOTHING = problem(
    "not_found",
    404,
    "Nothing is here",
    "No booking answers to this address and token. Use the manage_url that came with the booking.",
)
ASK = problem(
    "unauthorized",
    401,
    "A manage token or an API key is needed",
    "Send the manage token of this booking (the last part of its manage_url) or an API key "
    "as `Authorization: Bearer …`.",
)


@pytest.fixture
def booked(acme: Client) -> Any:
    """A confirmed booking at ten, in person."""
    answer = read(book(acme, at(10), event_type="site-visit"))
    assert answer["status"] == "confirmed"
    return answer


def _path(answer: Any, act: str = "") -> str:
    return f"/api/v1/bookings/{answer['uid']}{act}"


def _get(client: Client, path: str, **headers: str) -> HttpResponse:
    return client.get(path, headers=headers)  # type: ignore[return-value]


def test_the_token_opens_its_booking_in_the_header_and_in_the_query(acme: Client, booked: Any) -> None:
    by_header = _get(acme, _path(booked), **bearer(token_of(booked)))
    by_query = _get(acme, f"{_path(booked)}?token={token_of(booked)}")
    assert (by_header.status_code, by_header["Cache-Control"]) == (200, "no-store")
    assert read(by_header) == read(by_query) == booked


def test_without_credentials_it_is_401_whether_the_booking_exists_or_not(acme: Client, booked: Any) -> None:
    for path in (_path(booked), "/api/v1/bookings/aaaaaaaaaaaaaaaaaaaa"):
        for response in (
            _get(acme, path),
            send(acme, f"{path}/cancel", {}),
            send(acme, f"{path}/reschedule", {"start": at(14)}),
        ):
            assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="holdfast"')
            assert read(response) == ASK


def test_a_wrong_token_and_an_unknown_uid_answer_byte_for_byte_the_same(
    world: World, acme: Client, northwind: Client, booked: Any
) -> None:
    other = read(book(acme, at(15), event_type="site-visit"))
    with world.enter("acme"):
        key = create_api_key(
            "All", scopes=["bookings:read", "bookings:write"], created_by=None, now=now()
        ).secret
    token = token_of(booked)
    answers = {
        (response.status_code, response.content, tuple(sorted(response.headers.items())))
        for response in (
            _get(acme, _path(booked), **bearer("wrong")),
            _get(acme, _path(booked), **bearer(token_of(other))),
            _get(acme, f"{_path(booked)}?token={token}x"),
            _get(acme, f"{_path(booked)}?token=%00"),
            _get(acme, f"{_path(booked)}?token={key}"),  # a key does not belong into an address
            _get(acme, "/api/v1/bookings/aaaaaaaaaaaaaaaaaaaa", **bearer(token)),
            _get(acme, "/api/v1/bookings/aaaaaaaaaaaaaaaaaaaa", **bearer(key)),
            _get(acme, "/api/v1/bookings/%00", **bearer(token)),
            _get(northwind, _path(booked), **bearer(token)),  # another tenant
            _get(northwind, _path(booked), **bearer(key)),
        )
    }
    assert len(answers) == 1
    status, content, _ = answers.pop()
    assert (status, content) == (404, JsonResponse(NOTHING).content)
    for response in (
        send(acme, _path(booked, "/cancel"), {}, headers=bearer("wrong")),
        send(northwind, _path(booked, "/cancel"), {}, headers=bearer(token)),
        send(acme, _path(booked, "/reschedule"), {"start": at(14)}, headers=bearer("wrong")),
    ):
        assert (response.status_code, response.content) == (status, content)
    with world.enter("acme"):
        assert {*Booking.objects.values_list("status", flat=True)} == {"confirmed"}


def test_an_api_key_reads_with_one_scope_and_changes_with_the_other(
    world: World, acme: Client, booked: Any
) -> None:
    with world.enter("acme"):
        reads = create_api_key("R", scopes=["bookings:read"], created_by=None, now=now()).secret
        writes = create_api_key("W", scopes=["bookings:write"], created_by=None, now=now()).secret
    assert read(_get(acme, _path(booked), **bearer(reads))) == booked
    refused = send(acme, _path(booked, "/cancel"), {}, headers=bearer(reads))
    assert (refused.status_code, read(refused)["code"]) == (403, "forbidden")
    assert _get(acme, _path(booked), **bearer(writes)).status_code == 403
    assert send(acme, _path(booked, "/cancel"), {}, headers=bearer(writes)).status_code == 200


def test_cancelling_frees_the_slot_and_may_be_repeated(world: World, acme: Client, booked: Any) -> None:
    headers = bearer(token_of(booked))
    first = send(acme, _path(booked, "/cancel"), {"reason": "Ill"}, headers=headers)
    assert (first.status_code, read(first)) == (200, {**booked, "status": "cancelled"})
    again = send(acme, _path(booked, "/cancel"), {}, headers=headers)
    assert (again.status_code, read(again)) == (200, read(first))
    with world.enter("acme"):
        booking = Booking.objects.get()
        assert (booking.cancel_reason, booking.cancelled_by) == ("Ill", "client")
    assert book(acme, at(10), event_type="site-visit").status_code == 201


def test_cancelling_needs_no_body_at_all(acme: Client, booked: Any) -> None:
    response = acme.post(
        _path(booked, "/cancel"), headers=bearer(token_of(booked)), content_type="application/json"
    )
    assert (response.status_code, read(response)["status"]) == (200, "cancelled")


def test_a_meeting_that_has_begun_is_not_cancelled_by_its_client(
    world: World, acme: Client, booked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.enter("acme"):
        key = create_api_key("W", scopes=["bookings:write"], created_by=None, now=now()).secret
        start = Booking.objects.get().meeting.starts_at
    monkeypatch.setattr("portal.api.one_booking.read_now", lambda: start)
    refused = send(acme, _path(booked, "/cancel"), {}, headers=bearer(token_of(booked)))
    detail = "This meeting has started or is over, so it cannot be cancelled."
    assert (refused.status_code, read(refused)["detail"]) == (409, detail)
    with world.enter("acme"):
        assert Booking.objects.get().status == "confirmed"
    by_key = send(acme, _path(booked, "/cancel"), {}, headers=bearer(key))  # as in the portal, until its end
    assert (by_key.status_code, read(by_key)["status"]) == (200, "cancelled")
    again = send(acme, _path(booked, "/cancel"), {}, headers=bearer(token_of(booked)))
    assert (again.status_code, read(again)["status"]) == (200, "cancelled")


def test_a_booking_that_is_not_confirmed_cannot_be_cancelled_yet(acme: Client) -> None:
    waiting = read(book(acme, at(10)))
    response = send(acme, _path(waiting, "/cancel"), {}, headers=bearer(token_of(waiting)))
    document = read(response)
    assert document == problem(
        "invalid_request",
        409,
        "The request cannot be used as it is",
        document["detail"],
        alternatives=[],
    )
    assert response.status_code == 409


def test_a_meeting_in_person_moves_at_once_and_its_link_changes(acme: Client, booked: Any) -> None:
    response = send(acme, _path(booked, "/reschedule"), {"start": at(14)}, headers=bearer(token_of(booked)))
    answer = read(response)
    assert (response.status_code, answer) == (
        200,
        {
            **booked,
            "start": at(14),
            "end": at(15, 30),
            "manage_url": answer["manage_url"],
            "move": {"status": "confirmed", "start": at(14), "end": at(15, 30)},
        },
    )
    assert answer["manage_url"] != booked["manage_url"]
    assert read(_get(acme, _path(booked), **bearer(token_of(answer)))) == answer


def test_a_reschedule_may_change_the_time_zone_that_the_client_reads(
    world: World, acme: Client, booked: Any, settings: Settings
) -> None:
    def zone() -> str:
        with world.enter("acme"):
            return Booking.objects.get(uid=booked["uid"]).time_zone

    headers = bearer(token_of(booked))
    taken = {"start": at(15), "time_zone": "America/New_York"}
    other = {"name": "Kim Roe", "email": "kim@example.com"}
    assert book(acme, at(15), event_type="intro-call", attendee=other).status_code == 201
    assert send(acme, _path(booked, "/reschedule"), taken, headers=headers).status_code == 409
    assert zone() == "Europe/Lisbon", "a move that is refused changes nothing"
    moved = {"start": at(12), "time_zone": "America/New_York"}
    answer = read(send(acme, _path(booked, "/reschedule"), moved, headers=headers))
    assert zone() == "America/New_York"
    with world.enter("acme"):
        (entry,) = Entry.objects.filter(action="hold_new_time")
        assert body_of_entry(entry)["payload"]["time_zone"] == "America/New_York"
        with mail_sink() as mails:
            settings.HOLDFAST_SMTP_URL = mails.url
            perform_all()
    last = [each.mail for each in mails.received if "bruno@example.com" in each.recipients][-1]
    assert "America/New_York" in last.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    again = send(acme, _path(booked, "/reschedule"), {"start": at(10)}, headers=bearer(token_of(answer)))
    assert again.status_code == 200
    assert zone() == "America/New_York", "one that names none keeps it"


def test_the_token_that_a_reschedule_made_void_tells_what_became_of_it_for_ten_minutes(
    acme: Client, booked: Any, world: World
) -> None:
    old = bearer(token_of(booked))
    answer = read(send(acme, _path(booked, "/reschedule"), {"start": at(14)}, headers=old))
    seen = read(_get(acme, _path(booked), **old))
    assert seen == {name: value for name, value in answer.items() if name != "manage_url"}
    for path, body in (("/cancel", {}), ("/reschedule", {"start": at(15)})):
        assert send(acme, _path(booked, path), body, headers=old).status_code == 404
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")
        database.execute("UPDATE booking_move SET created_at = created_at - interval '11 minutes'")
    assert _get(acme, _path(booked), **old).status_code == 404


def test_a_reschedule_to_a_taken_time_is_409_and_changes_nothing(acme: Client, booked: Any) -> None:
    assert book(acme, at(15), event_type="intro-call").status_code == 201
    headers = bearer(token_of(booked))
    document = read(send(acme, _path(booked, "/reschedule"), {"start": at(15)}, headers=headers))
    assert (document["status"], document["code"], len(document["alternatives"])) == (409, "host_busy", 3)
    assert document["detail"].endswith("Your booking stays as it is.")
    assert read(_get(acme, _path(booked), **headers)) == booked


def test_a_reschedule_names_what_is_wrong(acme: Client, booked: Any) -> None:
    headers = bearer(token_of(booked))
    wrong = read(send(acme, _path(booked, "/reschedule"), {"start": "tomorrow", "to": 1}, headers=headers))
    assert (wrong["status"], list(wrong["errors"])) == (400, ["start", "to"])
    same = read(send(acme, _path(booked, "/reschedule"), {"start": at(10)}, headers=headers))
    assert (same["status"], same["code"], same["detail"]) == (
        409,
        "invalid_request",
        "This is the time that the booking has already. Choose another one.",
    )


def test_the_61st_request_with_a_token_in_a_minute_is_refused(acme: Client) -> None:
    path = "/api/v1/bookings/aaaaaaaaaaaaaaaaaaaa"
    assert {_get(acme, path, **bearer("wrong")).status_code for _ in range(60)} == {404}
    assert _get(acme, path, **bearer("wrong")).status_code == 429


def test_a_link_that_is_not_confirmed_is_never_shown(world: World, acme: Client) -> None:
    waiting = read(book(acme, at(10)))
    with world.superuser("acme") as database:
        database.execute(
            "SET session_replication_role = replica"
        )  # past the triggers: a proof without its confirmation
        database.execute("UPDATE booking_meeting SET join_url = 'http://acme.localhost/room/x/'")
    for status, shown in (("awaiting_link", False), ("cancelled", False), ("confirmed", True)):
        with world.superuser("acme") as database:
            database.execute("SET session_replication_role = replica")
            until = "expires_at" if status == "awaiting_link" else "NULL"
            database.execute(f"UPDATE booking_booking SET status = '{status}', expires_at = {until}")
        answer = read(_get(acme, _path(waiting), **bearer(token_of(waiting))))
        assert (answer["status"], answer.get("meeting_url")) == (
            status,
            "http://acme.localhost/room/x/" if shown else None,
        )
