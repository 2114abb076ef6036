"""How the tests of the API speak to it: days that are surely open, bodies, and answers read as JSON."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.test import Client

from kernel.clock import now

LISBON = ZoneInfo("Europe/Lisbon")
BRUNO = {"name": "Bruno Dias", "email": "bruno@example.com"}


def open_monday() -> date:
    """A Monday at least a week ahead: inside every booking window, past every minimum notice."""
    day = now().astimezone(LISBON).date() + timedelta(days=7)
    return day + timedelta(days=-day.weekday() % 7)


def at(hour: int, minute: int = 0, *, day: date | None = None) -> str:
    """That local time in Lisbon on the open Monday (or `day`), as the API writes it."""
    local = datetime.combine(day or open_monday(), time(hour, minute), tzinfo=LISBON)
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")


def body(start: str, *, event_type: str = "intro-call", **change: Any) -> dict[str, Any]:
    """A good body of POST /bookings."""
    return {
        "event_type": event_type,
        "start": start,
        "time_zone": "Europe/Lisbon",
        "attendee": BRUNO,
        **change,
    }


def book(client: Client, start: str, *, headers: dict[str, str] | None = None, **change: Any) -> HttpResponse:
    """POST /bookings."""
    return send(client, "/api/v1/bookings", body(start, **change), headers=headers)


def send(client: Client, path: str, content: Any, *, headers: dict[str, str] | None = None) -> HttpResponse:
    """POST JSON."""
    return client.post(path, data=json.dumps(content), content_type="application/json", headers=headers)  # type: ignore[return-value]


def read(response: Any) -> Any:
    """The JSON of an answer."""
    return json.loads(response.content)


def token_of(answer: Any) -> str:
    """The manage token: the last part of manage_url."""
    return str(answer["manage_url"]).rstrip("/").rsplit("/", 1)[-1]


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token or a key."""
    return {"Authorization": f"Bearer {token}"}


def problem(code: str, status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem document, whole."""
    return {
        "type": f"urn:holdfast:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
