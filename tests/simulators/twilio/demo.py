"""The demo's Twilio: a page with every text as its recipient sees it, and buttons for what becomes of it."""

import html
from urllib.parse import urlencode, urlsplit

import httpx

from tests.simulators.twilio.server import NUMBER, TwilioSimulator
from tests.simulators.vendor import Reply, Request

_ACTS = {"delivered": "It arrives", "undelivered": "It does not arrive"}


def demo_twilio() -> TwilioSimulator:
    """Return a Twilio whose texts arrive when somebody says so on its page."""
    twilio = TwilioSimulator()
    twilio.route("GET", "/", lambda _request: _page(twilio))
    twilio.route("POST", "/act", lambda request: _act(twilio, request))
    return twilio


def _page(twilio: TwilioSimulator) -> Reply:
    texts = "".join(_text(each) for each in reversed(twilio.sent)) or "<p>No text yet.</p>"
    return Reply(
        body='<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        "<title>Twilio (simulated)</title><h1>Twilio (simulated)</h1>"
        f"<p>The texts that were sent from {NUMBER}. No telephone gets one, and nothing is kept.</p>{texts}</html>"
    )


def _text(text: dict[str, str]) -> str:
    buttons = "".join(
        f'<button name="status" value="{act}">{words}</button> ' for act, words in _ACTS.items()
    )
    return (
        f"<h2>{html.escape(text['to'])}</h2><p>{html.escape(text['body'])}</p>"
        f'<form method="post" action="/act"><input type="hidden" name="sid" value="{text["sid"]}">{buttons}</form>'
    )


def _act(twilio: TwilioSimulator, request: Request) -> Reply:
    """Report what became of a text, to our own machine whatever name the address has (*.localhost)."""
    more = {"ErrorCode": "30003"} if request.form["status"] == "undelivered" else {}
    url, form, headers = twilio.report(request.form["sid"], request.form["status"], **more)
    parts = urlsplit(url)
    there = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
    headers |= {"Host": parts.netloc, "Content-Type": "application/x-www-form-urlencoded"}
    httpx.post(there, content=urlencode(form), headers=headers, timeout=5, trust_env=False)
    return Reply(status=303, headers={"Location": "/"})
