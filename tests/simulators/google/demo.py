"""The accounts that the demo's Google has."""

from datetime import UTC, datetime, timedelta

from tests.simulators.google.server import GoogleSimulator


def demo_google() -> GoogleSimulator:
    """Return a Google with two accounts, some busy times in the coming days, and calls that may go to plain http."""
    google = GoogleSimulator(
        accounts=("ana.demo@gmail.example", "ben.demo@gmail.example"), time_zone="Europe/Lisbon"
    )
    google.allows_http_callbacks = True
    today = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    for account in google.consent.accounts:
        google.make_calendar(account, "family@group.calendar.google.com", name="Family", role="writer")
        for day in range(1, 8, 2):
            start = today + timedelta(days=day)
            google.put(account, start=start.isoformat(), end=(start + timedelta(hours=2)).isoformat())
    return google
