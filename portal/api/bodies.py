"""What comes in: queries and bodies read strictly into frozen values, every wrong field named at once.

Shapes and sizes are checked here; what they mean (an address, a question, an open slot) is booking's to say.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, Literal
from zoneinfo import available_timezones

from rest_framework import serializers

from booking.api import MOST_DATES, YEARS
from portal.api.problems import InvalidRequest

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# fractions only of zero: no start lies between seconds, and JavaScript writes ".000Z"
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.0{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class SlotsQuery:
    """Which starts are asked for: local dates first..last, both included, in `time_zone` (None: tenant's)."""

    event_type: str
    first: date
    last: date
    time_zone: str | None
    host: str | None
    explain: bool
    duration_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A series from `start` on: `count` dates, every `interval` weeks or months."""

    every: Literal["week", "month"]
    interval: int
    count: int


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking that somebody wants; instants are UTC. `starts`, or `start` with `recurrence`, is a series.

    `phone` is a number to which the attendee agreed to get texts.
    """

    event_type: str
    start: datetime
    time_zone: str
    name: str
    email: str
    guests: tuple[str, ...]
    answers: Mapping[str, str]
    host: str | None
    duration_minutes: int | None = None
    location: str | None = None
    starts: tuple[datetime, ...] = ()
    recurrence: Recurrence | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The wanted new start, UTC; `time_zone` None keeps the booking's."""

    start: datetime
    time_zone: str | None


def parse_slots_query(query: Mapping[str, Any]) -> SlotsQuery:
    """Return the query of GET /slots; raises InvalidRequest. The same words mean the same: many ask for one month."""
    return _slots_query(tuple(query.items()))


@lru_cache(maxsize=1024)
def _slots_query(pairs: tuple[tuple[str, Any], ...]) -> SlotsQuery:
    values = _checked(_SlotsQuery, dict(pairs), what="query")
    return SlotsQuery(
        event_type=values["event_type"],
        first=values["start"],
        last=values["end"],
        time_zone=values.get("time_zone"),
        host=values.get("host"),
        explain=values.get("explain", "0") == "1",
        duration_minutes=values.get("duration_minutes"),
    )


def parse_new_booking(body: Any) -> NewBooking:
    """Return the body of POST /bookings; raises InvalidRequest."""
    values = _checked(_NewBooking, body, what="body")
    repeats = values.get("recurrence")
    if "starts" in values and ("start" in values or repeats):
        said = "Send either start, or start with recurrence, or starts alone."
        raise InvalidRequest("The body cannot be used. Look at: starts.", errors={"starts": said})
    start = values.get("start") or next(iter(values.get("starts", ())), None)
    if start is None:
        raise InvalidRequest(
            "The body cannot be used. Look at: start.", errors={"start": "This field is required."}
        )
    if ("phone" in values) != values.get("phone_consent", False):
        said = "A phone number is kept only with phone_consent true: the attendee agreed to texts about this booking."
        raise InvalidRequest(
            "The body cannot be used. Look at: phone_consent.", errors={"phone_consent": said}
        )
    return NewBooking(
        event_type=values["event_type"],
        start=start,
        time_zone=values["time_zone"],
        name=values["attendee"]["name"],
        email=values["attendee"]["email"],
        guests=tuple(values.get("guests", ())),
        answers=values.get("answers", {}),
        host=values.get("host"),
        duration_minutes=values.get("duration_minutes"),
        location=values.get("location"),
        starts=tuple(values.get("starts", ())),
        recurrence=Recurrence(repeats["every"], repeats.get("interval", 1), repeats["count"])
        if repeats
        else None,
        phone=values.get("phone", ""),
    )


def parse_cancel(body: Any) -> str:
    """Return the reason of POST …/cancel, "" when none was given; raises InvalidRequest."""
    return str(_checked(_Cancel, body, what="body").get("reason", ""))


def parse_reschedule(body: Any) -> Reschedule:
    """Return the body of POST …/reschedule; raises InvalidRequest."""
    values = _checked(_Reschedule, body, what="body")
    return Reschedule(start=values["start"], time_zone=values.get("time_zone"))


def parse_idempotency_key(header: str | None) -> str | None:
    """Return the key (1 to 255 visible ASCII characters), None without one; raises InvalidRequest."""
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        said = "Use 1 to 255 visible ASCII characters without spaces, for example a UUID."
        raise InvalidRequest(f"The Idempotency-Key cannot be used. {said}", errors={"Idempotency-Key": said})
    return header


class _Text(serializers.CharField):
    """A string, never a number or a boolean made one; without control characters or half surrogates."""

    def __init__(self, *, lines: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._allowed = "\n\t\r" if lines else ""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Write this as a string.")
        if any(unicodedata.category(char) in ("Cc", "Cs") and char not in self._allowed for char in data):
            raise serializers.ValidationError("Leave out control characters.")
        return super().to_internal_value(data)


class _Slug(_Text):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=60, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not _SLUG.fullmatch(text):
            raise serializers.ValidationError("Use the short name as it stands in the page's address.")
        return text


class _TimeZone(_Text):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in _time_zones():
            raise serializers.ValidationError("Name an IANA time zone, for example Europe/Lisbon.")
        return text


class _LocalDate(_Text):
    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None or found.year not in YEARS:
            raise serializers.ValidationError("Write a date as YYYY-MM-DD.")
        return found


class _Instant(_Text):
    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            found = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None or found.year not in YEARS:
            raise serializers.ValidationError(
                "Write an instant with its offset, for example 2026-11-24T14:30:00Z."
            )
        return found.astimezone(UTC)


class _Yes(serializers.Field[bool, Any, bool, Any]):
    """true or false and nothing that is taken for it: a consent is not guessed."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Write true or false.")
        return data


class _Answers(serializers.DictField):
    child = _Text(lines=True, max_length=2000, allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            if len(data) > 50:
                raise serializers.ValidationError("Send at most 50 answers.")
            for name in data:
                _Text(max_length=100).run_validation(name)
        return super().to_internal_value(data)


class _Strict(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt optional field would otherwise be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = {}
        if isinstance(data, Mapping):
            words = f"There is no such field here. Known: {', '.join(self.fields)}."
            unknown = {name: [words] for name in data if name not in self.fields}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not unknown or not isinstance(error.detail, dict):
                raise
            raise serializers.ValidationError({**error.detail, **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return values


class _SlotsQuery(_Strict):
    event_type = _Slug()
    start = _LocalDate()
    end = _LocalDate()
    time_zone = _TimeZone(required=False)
    host = _Slug(required=False)
    explain = serializers.ChoiceField(choices=["0", "1"], required=False)
    duration_minutes = serializers.IntegerField(min_value=5, max_value=1440, required=False)


class _Attendee(_Strict):
    name = _Text(max_length=120)
    email = _Text(max_length=254)


class _Recurrence(_Strict):
    every = serializers.ChoiceField(choices=["week", "month"])
    interval = serializers.IntegerField(min_value=1, max_value=52, required=False)
    count = serializers.IntegerField(min_value=2, max_value=MOST_DATES)


class _NewBooking(_Strict):
    event_type = _Slug()
    start = _Instant(required=False)
    starts = serializers.ListField(child=_Instant(), min_length=2, max_length=MOST_DATES, required=False)
    recurrence = _Recurrence(required=False)
    duration_minutes = serializers.IntegerField(min_value=5, max_value=1440, required=False)
    location = _Slug(required=False)
    time_zone = _TimeZone()
    attendee = _Attendee()
    guests = serializers.ListField(child=_Text(max_length=254), max_length=20, required=False)
    answers = _Answers(required=False)
    host = _Slug(required=False)
    phone = _Text(max_length=40, required=False)
    phone_consent = _Yes(required=False)


class _Cancel(_Strict):
    reason = _Text(lines=True, max_length=500, allow_blank=True, required=False)


class _Reschedule(_Strict):
    start = _Instant()
    time_zone = _TimeZone(required=False)


def _checked(shape: type[_Strict], data: Any, *, what: str) -> Any:
    try:
        return _ready(shape).run_validation(data)
    except serializers.ValidationError:
        serializer = shape(data=data)  # tells every error in its place
        serializer.is_valid()
    errors = dict(_sentences(serializer.errors, path=""))
    named = ", ".join(errors) if "" not in errors else "its form"
    raise InvalidRequest(f"The {what} cannot be used. Look at: {named}.", errors=errors)


def _ready(shape: type[_Strict]) -> _Strict:
    """Return this thread's serializer of a shape: making one copies every field of it, which costs a millisecond."""
    known: dict[type[_Strict], _Strict] = _shapes.__dict__.setdefault("known", {})
    if shape not in known:
        known[shape] = shape()
    return known[shape]


_shapes = threading.local()


def _sentences(errors: Any, *, path: str) -> Iterator[tuple[str, str]]:
    """Yield ("attendee.email", first sentence about it) from the nested errors of a serializer."""
    if isinstance(errors, Mapping):
        for name, below in errors.items():
            inner = "" if name == "non_field_errors" else str(name)
            yield from _sentences(below, path=".".join(filter(None, (path, inner))))
    elif errors:
        yield path, str(errors[0])


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
