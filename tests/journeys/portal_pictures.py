"""Pictures of the portal's daily pages: a business with a few bookings, its owner at a desk and on a phone."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.chromium import Client
from tests.running import Running

if TYPE_CHECKING:
    from tests.journeys.screenshots import Camera

OWNER = "owner@northwind.example"
CLIENTS = ("Ben Ode", "Maria Antónia Vasconcelos", "Jürgen Müller-Lüdenscheidt", "田中 愛子", "Sofia Rossi")


def portal_days(camera: "Camera") -> None:
    """Today, Bookings, one booking and Book for a client; Today and Bookings on a dark phone as well."""
    uids = _fill(camera.demo)
    desk, phone = camera.client("northwind"), camera.client("northwind", width=390, dark=True)
    for client, suffix in ((desk, ""), (phone, "-phone-dark")):
        sign_in(client, camera.demo, OWNER)
        camera.take(client, f"today{suffix}", kind="portal")
        client.open("/portal/bookings/")
        camera.take(client, f"bookings{suffix}", kind="portal")
    desk.open(f"/portal/bookings/{uids[1]}/")
    camera.take(desk, "booking", kind="portal")
    desk.open("/portal/bookings/new/?event_type=meet")
    desk.page.locator(".new-day .choice").nth(4).click()
    camera.take(desk, "new", kind="portal")


def sign_in(client: Client, demo: Running, email: str) -> None:
    """Sign in to the portal as one of the demo's people."""
    people = json.loads((demo.data / "demo.json").read_text())
    password = next(each["password"] for each in people if each["email"] == email)
    client.open("/portal/")
    client.page.get_by_label("E-mail").fill(email)
    client.page.get_by_label("Password", exact=True).fill(password)
    client.page.get_by_role("button", name=re.compile("^Sign in")).first.click()
    expect(client.page.get_by_role("heading", level=1)).to_contain_text("Today")


def _fill(demo: Running) -> list[str]:
    """Book Northwind's round robin for each client from tomorrow on; return their references."""
    first = datetime.now(UTC).date() + timedelta(days=1)
    starts = demo.slots("northwind", "meet", first.isoformat(), (first + timedelta(days=6)).isoformat())
    uids = []
    for number, name in enumerate(CLIENTS):
        body = {
            "event_type": "meet", "start": starts[number * 5], "time_zone": "Europe/Lisbon",
            "attendee": {"name": name, "email": f"client{number}@example.com"},
        }  # fmt: skip
        answer = demo.api("northwind", "POST", "/bookings", json=body, headers={"Prefer": "wait=20"}).json()
        uids.append(str(answer["uid"]))
    return uids
