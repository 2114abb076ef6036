"""The demo's Zoom: two users of one account, and a page that shows the meetings that were made."""

import html

from tests.simulators.vendor import Reply
from tests.simulators.zoom.server import ZoomSimulator

USERS = ("ana.demo@zoom.example", "ben.demo@zoom.example")


def demo_zoom() -> ZoomSimulator:
    """Return a Zoom with an organisation's app (account "simulated-account") whose owner is the first user."""
    zoom = ZoomSimulator(USERS)
    zoom.route("GET", "/", lambda _request: _page(zoom))
    zoom.route("GET", "/j/*", lambda _request: Reply(body="<!doctype html><title>Zoom (simulated)</title>"))
    return zoom


def _page(zoom: ZoomSimulator) -> Reply:
    rows = "".join(
        f"<li>{html.escape(each['start_time'])} {html.escape(each['topic'])}"
        f" <small>{html.escape(each['host_email'])}</small></li>"
        for each in zoom.meetings.values()
    )
    return Reply(
        body='<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        "<title>Zoom (simulated)</title><h1>Zoom (simulated)</h1>"
        f"<p>The meetings that were made here. Nothing is kept.</p><ul>{rows}</ul></html>"
    )
