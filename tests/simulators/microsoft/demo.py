"""The demo's Microsoft: two accounts with busy times, and a page on which their owners can change their calendars."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.microsoft.server import MicrosoftSimulator
from tests.simulators.microsoft.store import Calendar
from tests.simulators.vendor import Reply, Request

ACCOUNTS = ("ana.demo@outlook.example", "ben.demo@outlook.example")


def demo_microsoft() -> MicrosoftSimulator:
    """Return a Microsoft with some busy times in the coming days, and calls that may go to plain http."""
    microsoft = MicrosoftSimulator(ACCOUNTS, time_zone="Europe/Lisbon")
    microsoft.subscriptions.allows_http = True
    today = datetime.now(UTC).replace(hour=13, minute=0, second=0, microsecond=0)
    for account in ACCOUNTS:
        microsoft.make_calendar(account, name="Family")
        for day in range(1, 8, 2):
            _busy(microsoft, microsoft.default(account), today + timedelta(days=day), hours=2)
    microsoft.route("GET", "/", lambda _request: _page(microsoft))
    microsoft.route("POST", "/act", lambda request: _act(microsoft, request))
    return microsoft


def _busy(microsoft: MicrosoftSimulator, calendar: Calendar, start: datetime, *, hours: int = 1) -> None:
    end = start + timedelta(hours=hours)
    microsoft.put(calendar, start=start.isoformat(), end=end.isoformat(), subject="Busy")


def _page(microsoft: MicrosoftSimulator) -> Reply:
    """Show every calendar with its events; each button is what its owner does in Outlook."""
    parts = []
    for calendar in microsoft.calendars.values():
        rows = "".join(_row(calendar.id, event) for event in calendar.events.values())
        add = _button(calendar.id, "", "add", "Add a busy hour tomorrow at 15:00 UTC")
        head = f"{html.escape(calendar.name)} <small>{html.escape(calendar.owner)}</small>"
        parts.append(f"<h2>{head}</h2>{rows}{add}")
    return Reply(
        body='<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        "<title>Outlook calendar (simulated)</title><h1>Outlook calendar (simulated)</h1>"
        f"<p>What the accounts’ owners see and do. Nothing here is kept.</p>{''.join(parts)}</html>"
    )


def _row(calendar: str, event: dict[str, Any]) -> str:
    words = html.escape(f"{event['start']['dateTime']} {event.get('subject', '')}")
    later = _button(calendar, event["id"], "later", "One hour later")
    return f"<div>{words} {later} {_button(calendar, event['id'], 'delete', 'Delete')}</div>"


def _button(calendar: str, event: str, act: str, words: str) -> str:
    return (
        '<form method="post" action="/act" style="display:inline">'
        f'<input type="hidden" name="calendar" value="{html.escape(calendar)}">'
        f'<input type="hidden" name="event" value="{html.escape(event)}">'
        f'<button name="act" value="{act}">{words}</button></form>'
    )


def _act(microsoft: MicrosoftSimulator, request: Request) -> Reply:
    form = request.form
    calendar, event = microsoft.calendars[form["calendar"]], form["event"]
    if form["act"] == "add":
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        _busy(microsoft, calendar, tomorrow.replace(hour=15, minute=0, second=0, microsecond=0))
    elif form["act"] == "delete":
        microsoft.remove(calendar, event)
    else:
        start, end = (each + timedelta(hours=1) for each in calendar.interval(calendar.events[event]))
        microsoft.change(calendar, event, start=start.isoformat(), end=end.isoformat())
    return Reply(status=303, headers={"Location": "/"})
