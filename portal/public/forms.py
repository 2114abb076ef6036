"""What clients send, parsed: shapes are checked here, rules by the domain."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from booking.api import YEARS, YES, Question
from portal.public.months import parse_day, parse_month
from portal.public.picker import Wish
from portal.public.zones import is_zone

MAX_GUESTS = 10
LONGEST_KEY = 20  # of a place: a kind of up to 16 characters, and its number
ZONE_COOKIE = "holdfast_time_zone"  # set by zone.js: the browser's own zone, or the chosen one
_SEPARATORS = re.compile(r"[\s,;]+")


def read_zone(request: HttpRequest) -> str:
    """Return the visitor's zone as its browser told us earlier; "" when it did not, or when there is no such zone."""
    zone = request.COOKIES.get(ZONE_COOKIE, "")
    return zone if is_zone(zone) else ""


def read_wish(query: QueryDict, *, cookie_zone: str = "") -> Wish:
    """Return what the picker's address asks for; what cannot be read counts as not asked.

    `cookie_zone` is the visitor's own zone as its browser told us earlier; an address that names one wins.
    """
    day = parse_day(query.get("date", ""))
    zone = query.get("time_zone", "") or cookie_zone
    return Wish(
        month=parse_month(query.get("month", "")) or (day.replace(day=1) if day else None),
        day=day,
        time_zone=zone if is_zone(zone) else "",
        host=query.get("host", ""),
        duration=_minutes(query.get("duration", "")),
        location=query.get("location", "")[:LONGEST_KEY],
    )


def _minutes(asked: str) -> int | None:
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None


class InstantField(forms.Field):
    """An instant in ISO 8601 with its offset; becomes an aware datetime in UTC."""

    default_error_messages = {"invalid": "Choose one of the times on the page."}

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or found.year not in YEARS:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found.astimezone(UTC)


class SlotForm(forms.Form):
    """A chosen start: for a hold or a move."""

    start = InstantField(error_messages={"required": "Choose a time first."})
    time_zone = forms.CharField(max_length=64)
    host = forms.SlugField(max_length=60, required=False)
    duration = forms.IntegerField(min_value=5, max_value=1440, required=False)
    location = forms.SlugField(max_length=LONGEST_KEY, required=False)

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if not is_zone(name):
            raise forms.ValidationError("This time zone is not known. Choose one from the list.")
        return name


class DetailsForm(forms.Form):
    """Who comes: the client's name and address, the meeting type's questions, guests, notes."""

    name = forms.CharField(
        max_length=120,
        error_messages={"required": "Write your name, so that your host knows who comes."},
    )
    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": "Write your e-mail address: the confirmation and the link go there.",
            "invalid": "This is not an e-mail address. It looks like name@example.com.",
        },
    )
    phone = forms.CharField(required=False, max_length=40)
    phone_consent = forms.BooleanField(required=False)
    guests = forms.CharField(required=False, max_length=4000)
    notes = forms.CharField(required=False, max_length=2000)

    def __init__(
        self, data: Any = None, *, questions: Sequence[Question] = (), offers_texts: bool = False
    ) -> None:
        super().__init__(data)
        if not offers_texts:
            del self.fields["phone"], self.fields["phone_consent"]
        self._questions = tuple(questions)
        for number, question in enumerate(self._questions):
            self.fields[_asked(number)] = _answer_field(question)

    def asked(self) -> list[tuple[Question, forms.BoundField]]:
        """Return each question with its field, in order."""
        return [(question, self[_asked(number)]) for number, question in enumerate(self._questions)]

    def field_of(self, fault_of: str) -> str | None:
        """Return the field that a fault of the domain ("attendee.email", "answers.<question>") belongs to."""
        for number, question in enumerate(self._questions):
            if fault_of == f"answers.{question.label}":
                return _asked(number)
        name = fault_of.removeprefix("attendee.")
        return name if name in self.fields else None

    def clean_guests(self) -> list[str]:
        """Return the guests' addresses in the order given, each once."""
        found = list(dict.fromkeys(part for part in _SEPARATORS.split(self.cleaned_data["guests"]) if part))
        if len(found) > MAX_GUESTS:
            raise forms.ValidationError(f"At most {MAX_GUESTS} guests; these are {len(found)}.")
        check = forms.EmailField(max_length=254)
        for address in found:
            try:
                check.clean(address)
            except forms.ValidationError:
                raise forms.ValidationError(f"“{address}” is not an e-mail address.") from None
        return found

    def clean(self) -> dict[str, Any]:
        """A number is kept only of who agreed to get texts there."""
        values = super().clean() or self.cleaned_data
        if values.get("phone", "").strip() and not values.get("phone_consent"):
            self.add_error("phone_consent", "Tick this to get texts, or leave the number empty.")
        if values.get("phone_consent") and not values.get("phone", "").strip() and "phone" not in self.errors:
            self.add_error("phone", "Write the number that the texts go to, or untick the box below.")
        return values

    def phone_number(self) -> str:
        """Return the number that the client agreed to get texts at, as typed; "" for none."""
        return str(self.cleaned_data.get("phone", "")) if self.cleaned_data.get("phone_consent") else ""

    def answers(self) -> dict[str, str]:
        """Return the answers as the domain keeps them: only what was written."""
        given = {}
        for number, question in enumerate(self._questions):
            answer = self.cleaned_data[_asked(number)]
            if answer:
                given[question.label] = YES if answer is True else answer.strip()
        notes = self.cleaned_data["notes"].strip()
        return {**given, "notes": notes} if notes else given

    def sent(self) -> list[tuple[str, str]]:
        """Return what was typed, name by name, so that a refusal can carry it along."""
        return [(name, str(self.data.get(name, ""))) for name in self.fields if self.data.get(name)]


class AddressForm(forms.Form):
    """The address that a visitor shows; which ones may come in is not this form's to say."""

    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": "Write your e-mail address: the code goes there.",
            "invalid": "This is not an e-mail address. It looks like name@example.com.",
        },
    )


class CodeForm(forms.Form):
    """The six digits of the mail; spaces between them do not matter."""

    code = forms.CharField(max_length=20, error_messages={"required": "Write the six digits of the mail."})

    def clean_code(self) -> str:
        digits = "".join(str(self.cleaned_data["code"]).split())
        if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
            raise forms.ValidationError("A code has six digits.")
        return digits


def carried_answers(questions: Sequence[Question], answers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return answers given before as a form's fields, so that one tap can send them along."""
    return [(_asked(number), answers.get(question.label, "")) for number, question in enumerate(questions)]


def _asked(number: int) -> str:
    return f"question_{number}"


def _answer_field(question: Question) -> forms.Field:
    """Return the field of a question; whether an answer must be given is the domain's to say, too."""
    words = {"required": "Your host needs an answer to this.", "invalid_choice": "Choose one of these."}
    match question.kind:
        case "checkbox":
            words["required"] = "Tick this to go on."
            return forms.BooleanField(required=question.required, error_messages=words)
        case "choice":
            choices = [(choice, choice) for choice in question.choices]
            return forms.ChoiceField(choices=choices, required=question.required, error_messages=words)
    return forms.CharField(max_length=2000, required=question.required, error_messages=words)


class CancelForm(forms.Form):
    """Why a booking is cancelled; may stay empty."""

    reason = forms.CharField(required=False, max_length=500)
