"""What the Calendar API takes in the body of an event, and how it refuses.

Fields and types: developers.google.com/workspace/calendar/api/v3/reference/events (those a client may write, as far
as anybody here does). Errors: developers.google.com/workspace/calendar/api/guides/errors.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tests.simulators.vendor import Refused, Reply

_TIME = {"date": str, "dateTime": str, "timeZone": str}
_EVENT: dict[str, Any] = {
    "id": str,
    "summary": str,
    "description": str,
    "location": str,
    "status": ("confirmed", "tentative", "cancelled"),
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "start": _TIME,
    "end": _TIME,
    "recurrence": [str],
    "recurringEventId": str,
    "originalStartTime": _TIME,
    "attendees": [
        {
            "email": str,
            "displayName": str,
            "responseStatus": ("needsAction", "declined", "tentative", "accepted"),
            "self": bool,
        }
    ],
    "extendedProperties": {"private": dict, "shared": dict},
    "conferenceData": {
        "createRequest": {"requestId": str, "conferenceSolutionKey": {"type": str}},
    },
    "reminders": {"useDefault": bool, "overrides": list},
    "guestsCanModify": bool,
    "source": {"url": str, "title": str},
    "iCalUID": str,
    "sequence": int,
    "eventType": ("default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail"),
}
_ID = re.compile(r"[a-v0-9]{5,1024}")


def error(status: int, reason: str, message: str, **headers: str) -> Refused:
    """Return Google's error answer."""
    body = {
        "error": {
            "errors": [{"domain": "global", "reason": reason, "message": message}],
            "code": status,
            "message": message,
        }
    }
    return Refused(
        Reply(status=status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    )


def check_event(body: Any, *, is_new: bool) -> dict[str, Any]:
    """Return the body of an insert or a patch; raises Refused with 400 for what Google does not take."""
    if not isinstance(body, dict):
        raise error(400, "parseError", "Parse Error")
    _check(body, _EVENT, "event")
    if "id" in body and not _ID.fullmatch(body["id"]):
        raise error(400, "invalid", "Invalid resource id value.")
    if is_new and not {"start", "end"} <= body.keys():
        raise error(400, "required", "Missing end time.")
    for name in ("start", "end"):
        if name in body:
            _check_time(body[name], name, is_recurring="recurrence" in body)
    if {"start", "end"} <= body.keys():
        _check_order(body["start"], body["end"])
    for properties in (body.get("extendedProperties") or {}).values():
        if any(
            not isinstance(value, str) or len(name) > 44 or len(value) > 1024
            for name, value in properties.items()
        ):
            raise error(400, "invalid", "Invalid extended property.")
    return body


def _check(value: Any, wanted: Any, where: str) -> None:
    if value is None:
        return
    if isinstance(wanted, tuple):
        if value not in wanted:
            raise error(400, "invalid", f"Invalid value for: {value} is not a valid value ({where})")
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            raise error(400, "invalid", f"Invalid value at '{where}'")
        for each in value:
            _check(each, wanted[0], where)
    elif isinstance(wanted, Mapping):
        if not isinstance(value, dict):
            raise error(400, "invalid", f"Invalid value at '{where}'")
        for name, inner in value.items():
            if name not in wanted:
                raise error(
                    400, "badRequest", f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}'"
                )
            _check(inner, wanted[name], f"{where}.{name}")
    elif not isinstance(value, wanted):
        raise error(400, "invalid", f"Invalid value at '{where}'")


def _check_time(value: Mapping[str, str], name: str, *, is_recurring: bool) -> None:
    """A date, or a dateTime with an offset or a zone; a zone from the IANA database; a repeating event needs one."""
    zone = value.get("timeZone")
    if zone is not None and zone not in available_timezones():
        raise error(400, "invalid", f"Invalid time zone definition for {name} time.")
    try:
        if "dateTime" in value:
            read = datetime.fromisoformat(value["dateTime"])
            if read.tzinfo is None and zone is None:
                raise error(400, "required", f"Missing time zone definition for {name} time.")
            if is_recurring and zone is None:
                raise error(400, "required", f"Missing time zone definition for {name} time.")
        else:
            date.fromisoformat(value["date"])
    except (ValueError, KeyError):
        raise error(400, "invalid", f"Invalid {name} time.") from None


def _check_order(start: Mapping[str, str], end: Mapping[str, str]) -> None:
    if ("date" in start) != ("date" in end):
        raise error(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    if _moment(start) > _moment(end):
        raise error(400, "timeRangeEmpty", "The specified time range is empty.")


def _moment(value: Mapping[str, str]) -> datetime:
    if "date" in value:
        return datetime.fromisoformat(value["date"]).replace(tzinfo=ZoneInfo("UTC"))
    read = datetime.fromisoformat(value["dateTime"])
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(value["timeZone"]))
