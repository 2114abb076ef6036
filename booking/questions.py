"""The questions of a meeting type and the answers to them: one shape for the form, the page and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from booking.errors import InvalidBooking
from booking.models import EventType

MOST_QUESTIONS = 10
LONGEST_LABEL = 100  # characters; the label is the key of the answer, which the API bounds
MOST_CHOICES = 20
YES = "Yes"  # the answer of a ticked box; an unticked one has none
KINDS = {
    "text": "One line of text",
    "long": "Several lines of text",
    "choice": "One of several choices",
    "checkbox": "A box to tick",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a client is asked: `label` is the question itself and the key of its answer, `kind` one of KINDS."""

    label: str
    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Say whether the client may leave it out."""
        return not self.required


def questions_of(event_type: EventType) -> tuple[Question, ...]:
    """Return the questions of an event type, in their order."""
    return tuple(
        Question(
            label=each["label"],
            kind=each.get("kind", "text"),
            required=bool(each.get("required")),
            choices=tuple(each.get("choices", ())),
        )
        for each in event_type.questions
    )


def stored_questions(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Return the questions as EventType.questions keeps them."""
    return [{**asdict(each), "choices": list(each.choices)} for each in questions]


def check_answers(questions: Sequence[Question], answers: Mapping[str, str]) -> None:
    """Raise `InvalidBooking` naming the first question whose answer is missing or is none of its choices.

    Answers to what was not asked are let through: they are the client's notes.
    """
    for question in questions:
        answer = answers.get(question.label, "").strip()
        field = f"answers.{question.label}"
        if not answer and question.required:
            raise InvalidBooking(_MISSING[question.kind].format(label=question.label), field)
        if answer and question.kind == "choice" and answer not in question.choices:
            raise InvalidBooking(f"Choose one of: {', '.join(question.choices)}.", field)
        if answer and question.kind == "checkbox" and answer != YES:
            raise InvalidBooking(f"Answer “{YES}”, or leave the answer out.", field)


_MISSING = {
    "text": "Answer “{label}”: your host needs it.",
    "long": "Answer “{label}”: your host needs it.",
    "choice": "Choose an answer to “{label}”.",
    "checkbox": "Tick “{label}” to go on.",
}
