"""Who books: checked once, at the door, whatever the door (page, API, portal)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from booking.core.hours import UnknownZone, get_zone
from booking.errors import InvalidBooking
from booking.questions import Question, check_answers
from booking.texting import checked_number
from providers.api import BadAddress, check_mail_address

MOST_GUESTS = 10
MOST_ANSWERS = 20


@dataclass(frozen=True)
class Attendee:
    """The person who books."""

    name: str
    email: str


@dataclass(frozen=True)
class Request:
    """What an attendee asked for beside the time; every value checked."""

    attendee: Attendee
    time_zone: str
    guests: tuple[str, ...] = ()
    answers: Mapping[str, str] | None = None
    phone: str = ""


def checked_request(
    attendee: Attendee,
    *,
    time_zone: str,
    guests: Sequence[str],
    answers: Mapping[str, str],
    questions: Sequence[Question] = (),
    phone: str = "",
) -> Request:
    """Return the request with clean values; raises `InvalidBooking` naming the field that is wrong.

    `questions` are those that must be answered as they were asked; `phone` is where they agreed to get texts.
    """
    name = " ".join(attendee.name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise InvalidBooking("Give a name of up to 120 characters.", "attendee.name")
    try:
        get_zone(time_zone)
    except UnknownZone:
        raise InvalidBooking("Give a time zone such as Europe/Lisbon.", "time_zone") from None
    if len(guests) > MOST_GUESTS:
        raise InvalidBooking(f"At most {MOST_GUESTS} guests can be added.", "guests")
    given = _answers(answers)
    check_answers(questions, given)
    return Request(
        attendee=Attendee(name=name, email=_address(attendee.email, "attendee.email")),
        time_zone=time_zone,
        guests=tuple(dict.fromkeys(_address(guest, "guests") for guest in guests)),
        answers=given,
        phone=checked_number(phone),
    )


def _address(text: str, field: str) -> str:
    try:
        return check_mail_address(text.strip())
    except BadAddress as error:
        raise InvalidBooking(error.message, field) from None


def _answers(answers: Mapping[str, str]) -> dict[str, str]:
    if len(answers) > MOST_ANSWERS:
        raise InvalidBooking(f"At most {MOST_ANSWERS} answers.", "answers")
    clean = {}
    for question, answer in answers.items():
        if (
            not isinstance(answer, str)
            or len(question) > 200
            or len(answer) > 2000
            or "\0" in question + answer
        ):
            raise InvalidBooking("An answer is a text of up to 2,000 characters.", f"answers.{question[:40]}")
        clean[question] = answer.strip()
    return clean
