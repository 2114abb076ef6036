"""The proof that a new link works: its page answers over HTTP as a client would see it, and has open times."""

import json
from datetime import datetime, timedelta
from urllib.parse import urlencode

from audit.api import Json, Transient
from kernel.http import own_address_client
from tenants.links import address_of, is_own_host

LOOK_AHEAD = timedelta(days=21)
TIMEOUT_SECONDS = 10.0


def prove(domain: str, event_type: str, *, now: datetime) -> dict[str, Json]:
    """Visit the page and ask for its slots; returns what was seen. Raises `Transient` in words, or HttpError."""
    page, asked = address_of(domain, "/"), address_of(domain, f"/api/v1/slots?{_query(event_type, now)}")
    with own_address_client(timeout_seconds=TIMEOUT_SECONDS, is_own_host=is_own_host) as client:
        seen = client.get(page)
        if seen.status_code != 200:
            raise Transient(f"The page answers with {seen.status_code}.")
        answer = client.get(asked)
    if answer.status_code != 200:
        raise Transient(f"The page's open times answer with {answer.status_code}.")
    count = sum(len(day) for day in json.loads(answer.content)["slots"].values())
    if not count:
        raise Transient("The page answers, but has no open time in the next three weeks.")
    return {"page": 200, "open_times": count}


def _query(event_type: str, now: datetime) -> str:
    return urlencode({
        "event_type": event_type,
        "start": now.date().isoformat(),
        "end": (now + LOOK_AHEAD).date().isoformat(),
        "time_zone": "UTC",
    })  # fmt: skip
