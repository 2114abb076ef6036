"""Independent clients open the invite and agree on method, UID, SEQUENCE, start, end and zone: every class of zone."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject

from providers.mail.invite import build_invite
from tests.providers.mail.zones import CLASSES, invites, written_zone

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
ICAL_JS = "ical.js@2.2.1"
READER = Path(__file__).with_name("read_invites.mjs")


def expected(method: str) -> dict[str, list[Any]]:
    """Return what every client must read, from what was put in."""
    return {
        name: [method, each.uid, each.sequence, _utc(each.starts_at), _utc(each.ends_at)]
        for name, each in invites(method).items()
    }


def written(method: str) -> dict[str, str]:
    return {name: build_invite(each, now=NOW) for name, each in invites(method).items()}


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize("reader", ["icalendar", "vobject"])
def test_python_clients_read_what_was_agreed(method: str, reader: str) -> None:
    read = {"icalendar": read_by_icalendar, "vobject": read_by_vobject}[reader]
    texts = written(method)
    found = {name: read(text) for name, text in texts.items()}
    assert {name: each[:5] for name, each in found.items()} == expected(method)
    assert {name: each[5] for name, each in found.items()} == {
        name: written_zone(text) for name, text in texts.items()
    }


@pytest.mark.ical_js
@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_ical_js_reads_what_was_agreed(method: str, tmp_path: Path) -> None:
    texts = written(method)
    found = read_by_ical_js(texts, tmp_path)
    assert {name: each[:5] for name, each in found.items()} == expected(method)
    assert {name: each[5] for name, each in found.items()} == {
        name: written_zone(text) for name, text in texts.items()
    }


def test_only_what_local_time_cannot_say_is_in_utc() -> None:
    """The list is written out, so that a class that falls back to UTC altogether is seen."""
    in_utc: dict[str, int] = {}
    for name, text in written("REQUEST").items():
        if written_zone(text) == "UTC":
            label = name.rpartition(" ")[0]
            in_utc[label] = in_utc.get(label, 0) + 1
    assert set(in_utc) <= set(CLASSES)
    assert in_utc.pop("utc") == 12
    assert in_utc == IN_UTC


IN_UTC = {  # instants of the year that start or end in a repeated hour, or cross a change that no yearly rule says
    "DST": 5,
    "DST, west": 5,
    "DST, south": 5,
    "DST of half an hour": 3,
    "DST at midnight": 5,
    "DST on a day that no single weekday rule says": 6,
    "DST before a Sunday": 5,
    "winter time by law": 5,
    "DST around Ramadan": 6,
    "historic rule": 6,
    "historic year of change": 6,
    "historic odd offset": 12,  # 44 minutes and 30 seconds
}


def read_by_icalendar(text: str) -> list[Any]:
    """As `icalendar` reads it, the zone built from the VTIMEZONE in the file and not from this machine's."""
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    zones = {str(each["TZID"]): each.to_tz(lookup_tzid=False) for each in calendar.walk("VTIMEZONE")}
    tzid = str(event["DTSTART"].params.get("TZID", "UTC"))
    start, end = (
        event[name].dt.replace(tzinfo=zones.get(tzid, UTC)).astimezone(UTC) for name in ("DTSTART", "DTEND")
    )
    return [str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), _utc(start), _utc(end), tzid]


def read_by_vobject(text: str) -> list[Any]:
    """As `vobject` reads it: its zones come from the VTIMEZONE (dateutil), of this file and not of an earlier one."""
    known = vobject.icalendar.__tzidMap
    for tzid in set(known) - {"UTC"}:
        del known[tzid]
    calendar = vobject.readOne(text)
    event = calendar.vevent
    start, end = event.dtstart.value, event.dtend.value
    tzid = event.dtstart.params.get("X-VOBJ-ORIGINAL-TZID", ["UTC"])[0]
    return [
        calendar.method.value,
        event.uid.value,
        int(event.sequence.value),
        _utc(start),
        _utc(end),
        tzid,
    ]


def read_by_ical_js(texts: dict[str, str], folder: Path) -> dict[str, list[Any]]:
    """As ical.js reads them, which npm installs at a pinned version into `folder`; one process for all."""
    npm = shutil.which("npm")
    assert npm, "the group needs Debian's nodejs and npm"
    command = [
        npm,
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        ICAL_JS,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    reader = shutil.copy(READER, folder / READER.name)
    done = subprocess.run(
        ["node", str(reader)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
