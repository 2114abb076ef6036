"""The demo's Google: two accounts with busy times, and a page on which their owners can change their calendars."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.google.server import GoogleSimulator
from tests.simulators.vendor import Reply, Request

ACCOUNTS = ("ana.demo@gmail.example", "ben.demo@gmail.example")


def demo_google() -> GoogleSimulator:
    """Return a Google with some busy times in the coming days, and calls that may go to plain http."""
    google = GoogleSimulator(ACCOUNTS, time_zone="Europe/Lisbon")
    google.allows_http_callbacks = True
    today = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    for number, account in enumerate(ACCOUNTS):
        family = f"family-{number}@group.calendar.google.com"
        google.make_calendar(account, family, name="Family", role="writer")
        for day in range(1, 8, 2):
            _busy(google, account, today + timedelta(days=day), hours=2)
    google.route("GET", "/", lambda _request: _page(google))
    google.route("POST", "/act", lambda request: _act(google, request))
    return google


def _busy(google: GoogleSimulator, calendar: str, start: datetime, *, hours: int = 1) -> None:
    end = start + timedelta(hours=hours)
    google.put(calendar, start=start.isoformat(), end=end.isoformat(), summary="Busy")


def _page(google: GoogleSimulator) -> Reply:
    """Show every calendar with its events; each button is what its owner does in Google's own pages."""
    parts = []
    for calendar in google.store.calendars.values():
        rows = "".join(
            _row(calendar.id, event) for event in google.events(calendar.id) if "dateTime" in event["start"]
        )
        add = _button(calendar.id, "", "add", "Add a busy hour tomorrow at 15:00 UTC")
        parts.append(
            f"<h2>{html.escape(calendar.name)} <small>{html.escape(calendar.owner)}</small></h2>{rows}{add}"
        )
    return Reply(
        body='<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        "<title>Google Calendar (simulated)</title><h1>Google Calendar (simulated)</h1>"
        f"<p>What the accounts’ owners see and do. Nothing here is kept.</p>{''.join(parts)}</html>"
    )


def _row(calendar: str, event: dict[str, Any]) -> str:
    words = html.escape(f"{event['start']['dateTime']} {event.get('summary', '')}")
    later = _button(calendar, event["id"], "later", "One hour later")
    return f"<div>{words} {later} {_button(calendar, event['id'], 'delete', 'Delete')}</div>"


def _button(calendar: str, event: str, act: str, words: str) -> str:
    return (
        '<form method="post" action="/act" style="display:inline">'
        f'<input type="hidden" name="calendar" value="{html.escape(calendar)}">'
        f'<input type="hidden" name="event" value="{html.escape(event)}">'
        f'<button name="act" value="{act}">{words}</button></form>'
    )


def _act(google: GoogleSimulator, request: Request) -> Reply:
    form = request.form
    calendar, event = form["calendar"], form["event"]
    if form["act"] == "add":
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        _busy(google, calendar, tomorrow.replace(hour=15, minute=0, second=0, microsecond=0))
    elif form["act"] == "delete":
        google.remove(calendar, event)
    else:
        held = google.store.calendars[calendar].events[event]
        start, end = (
            datetime.fromisoformat(held[name]["dateTime"]) + timedelta(hours=1) for name in ("start", "end")
        )
        google.change(calendar, event, start=start.isoformat(), end=end.isoformat())
    return Reply(status=303, headers={"Location": "/"})
