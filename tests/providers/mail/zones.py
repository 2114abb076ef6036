"""Meetings of every class of zone, at the hours where clocks change and where they do not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from providers.mail.invite import Invite
from providers.protocols import Person

CLASSES = {
    "utc": ("UTC", 2026),
    "fixed offset": ("Etc/GMT+5", 2026),
    "no DST": ("Asia/Tokyo", 2026),
    "no DST, half hour": ("Asia/Kolkata", 2026),
    "no DST, three quarters": ("Asia/Kathmandu", 2026),
    "DST": ("Europe/Lisbon", 2026),
    "DST, west": ("America/New_York", 2027),
    "DST, south": ("Australia/Sydney", 2026),
    "DST of half an hour": ("Australia/Lord_Howe", 2026),
    "DST at midnight": ("America/Havana", 2026),
    "DST on a day that no single weekday rule says": ("America/Santiago", 2029),
    "DST before a Sunday": ("Asia/Jerusalem", 2026),
    "winter time by law": ("Europe/Dublin", 2026),
    "DST around Ramadan": ("Africa/Casablanca", 2027),
    "DST given up": ("America/Sao_Paulo", 2026),
    "historic rule": ("Europe/Lisbon", 1993),
    "historic year of change": ("America/New_York", 2007),
    "historic odd offset": ("Africa/Monrovia", 1965),
}


def instants(time_zone: str, year: int) -> list[datetime]:
    """Return one instant a month, and the hours before and after each change of the clock in that year."""
    zone = ZoneInfo(time_zone)
    found = [datetime(year, month, 11, 13, 30, tzinfo=UTC) for month in range(1, 13)]
    hour = datetime(year, 1, 1, tzinfo=UTC)
    while hour.year == year:
        following = hour + timedelta(hours=1)
        if hour.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            found += [hour + timedelta(minutes=30 * step) for step in range(-4, 5)]
        hour = following
    return sorted(found)


def invites(method: str = "REQUEST") -> dict[str, Invite]:
    """Return an invite of 45 minutes for each class and instant, by a name that says which."""
    return {
        f"{label} {start.isoformat()}": Invite(
            method="CANCEL" if method == "CANCEL" else "REQUEST",
            uid=f"{number}-{start:%Y%m%dT%H%M}@t_1.holdfast",
            sequence=number,
            title=f"Intro call, {label}",
            description="Two\nlines; and a comma, too",
            location="https://acme.example/room/x/",
            url="https://acme.example/room/x/",
            starts_at=start,
            ends_at=start + timedelta(minutes=45),
            time_zone=zone,
            organiser=Person(name="Acme", email="bookings@acme.example"),
            accepted=(Person(name="Ana Müller", email="ana@acme.example"),),
        )
        for number, (label, (zone, year)) in enumerate(CLASSES.items())
        for start in instants(zone, year)
    }


def written_zone(text: str) -> str:
    """Return the TZID of the event's start, "UTC" where it is written in UTC; read without any library."""
    event = text.partition("BEGIN:VEVENT\r\n")[2]
    (line,) = (line for line in event.split("\r\n") if line.startswith("DTSTART"))
    return "UTC" if line.endswith("Z") else line.partition("TZID=")[2].partition(":")[0]
