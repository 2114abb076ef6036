"""What Graph takes in the body of an event, and how it refuses.

Fields: learn.microsoft.com/graph/api/resources/event, those that a client may write as far as anybody here does.
Errors: learn.microsoft.com/graph/errors. Zones: learn.microsoft.com/graph/api/resources/datetimetimezone.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from tests.simulators.vendor import Refused, Reply

_TIME = {"dateTime": str, "timeZone": str}
_EVENT: dict[str, Any] = {
    "subject": str,
    "body": {"contentType": ("text", "html"), "content": str},
    "location": {"displayName": str},
    "start": _TIME,
    "end": _TIME,
    "isAllDay": bool,
    "showAs": ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "importance": ("low", "normal", "high"),
    "recurrence": {"pattern": dict, "range": dict},
    "attendees": [{"type": str, "emailAddress": {"name": str, "address": str}}],
    "isOnlineMeeting": bool,
    "onlineMeetingProvider": ("unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer"),
    "allowNewTimeProposals": bool,
    "isReminderOn": bool,
    "reminderMinutesBeforeStart": int,
    "categories": [str],
    "singleValueExtendedProperties": [{"id": str, "value": str}],
    "transactionId": str,
}
_PROPERTY = re.compile(r"String \{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\} Name [^{}]+")
_NAMED = {  # beside those of Windows; "Europe/Lisbon" is none of them
    "Etc/GMT+12", "Etc/GMT+11", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver",
    "America/Chicago", "America/New_York", "America/Halifax", "America/Sao_Paulo", "Atlantic/Azores", "Etc/GMT",
    "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Istanbul", "Asia/Dubai", "Asia/Kolkata", "Asia/Tokyo",
    "Asia/Kathmandu", "Australia/Sydney", "Pacific/Auckland", "Pacific/Apia", "Etc/GMT-12",
}  # fmt: skip


def error(status: int, code: str, message: str, **headers: str) -> Refused:
    """Return Graph's error answer."""
    said = {k.replace("_", "-"): v for k, v in headers.items()}
    return Refused(Reply(status=status, json={"error": {"code": code, "message": message}}, headers=said))


def graph_zone(name: str) -> ZoneInfo:
    """Return the zone of a name that Graph knows: Windows' own, UTC, or one of its list; raises Refused."""
    if name in WINDOWS_TO_OLSON:
        return ZoneInfo(WINDOWS_TO_OLSON[name])
    if name == "UTC" or name in _NAMED:
        return ZoneInfo(name)
    raise error(400, "TimeZoneNotSupportedException", f"The TimeZone value is not supported: '{name}'.")


def moment(value: Mapping[str, str]) -> datetime:
    """Return a start or end in UTC; an offset in `dateTime` wins over `timeZone`."""
    read = datetime.fromisoformat(value["dateTime"])
    zone = graph_zone(value.get("timeZone") or "UTC")
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)


def check_event(body: Any, *, is_new: bool) -> dict[str, Any]:
    """Return the body of a create or an update; raises Refused with 400 for what Graph does not take."""
    if not isinstance(body, dict):
        raise error(400, "BadRequest", "Unable to read JSON request payload.")
    _check(body, _EVENT, "event")
    if is_new and not {"start", "end"} <= body.keys():
        raise error(400, "ErrorInvalidRequest", "Required property start or end is missing.")
    if not is_new and "transactionId" in body:  # resources/event: it cannot be changed afterwards
        raise error(400, "ErrorInvalidPropertySet", "The property 'transactionId' is read-only.")
    for name in ("start", "end"):
        if name in body:
            _check_time(body[name])
    if {"start", "end"} <= body.keys():
        _check_order(body)
    for each in body.get("singleValueExtendedProperties") or ():
        if not _PROPERTY.fullmatch(each.get("id", "")):
            raise error(400, "ErrorInvalidExtendedProperty", "The extended property attribute is invalid.")
    return body


def _check(value: Any, wanted: Any, where: str) -> None:
    if value is None:
        return
    if isinstance(wanted, tuple):
        if not isinstance(value, str) or value.lower() not in {each.lower() for each in wanted}:
            raise error(400, "RequestBodyRead", f"The value '{value}' is not a valid value of {where}.")
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            raise error(400, "RequestBodyRead", f"An array was expected at {where}.")
        for each in value:
            _check(each, wanted[0], where)
    elif isinstance(wanted, Mapping):
        if not isinstance(value, dict):
            raise error(400, "RequestBodyRead", f"An object was expected at {where}.")
        for name, inner in value.items():
            if name not in wanted:
                raise error(
                    400, "RequestBodyRead", f"The property '{name}' does not exist on type '{where}'."
                )
            _check(inner, wanted[name], f"{where}.{name}")
    elif not isinstance(value, wanted):
        raise error(400, "RequestBodyRead", f"A value of another type was expected at {where}.")


def _check_time(value: Mapping[str, str]) -> None:
    if not isinstance(value, Mapping) or not value.get("timeZone"):
        raise error(400, "ErrorInvalidRequest", "A time zone is required.")
    graph_zone(value["timeZone"])
    try:
        moment(value)
    except (ValueError, KeyError):
        raise error(400, "ErrorInvalidRequest", "A date and time is required.") from None


def _check_order(body: Mapping[str, Any]) -> None:
    """All day: midnights in one zone, at least a day apart (resources/event, "isAllDay")."""
    start, end = body["start"], body["end"]
    if body.get("isAllDay"):
        clocks = {datetime.fromisoformat(each["dateTime"]).time().isoformat() for each in (start, end)}
        if clocks != {"00:00:00"} or start["timeZone"] != end["timeZone"]:
            raise error(
                400, "ErrorPropertyValidationFailure", "An all-day event lasts from midnight to midnight."
            )
        if moment(end) <= moment(start):
            raise error(400, "ErrorPropertyValidationFailure", "An all-day event lasts a day at least.")
    if moment(start) > moment(end):
        raise error(400, "ErrorPropertyDateMissing", "The start is after the end.")
