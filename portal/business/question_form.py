"""The questions of a meeting type as forms: one row each, an empty row is none."""

from collections.abc import Mapping
from typing import Any

from django import forms

from booking.api import LONGEST_LABEL, MOST_QUESTIONS, QUESTION_KINDS, EventType, Question, questions_of


class QuestionForm(forms.Form):
    """One question; a row without a label is no question."""

    label = forms.CharField(max_length=LONGEST_LABEL, required=False)
    kind = forms.ChoiceField(choices=list(QUESTION_KINDS.items()), required=False)
    choices = forms.CharField(max_length=2000, required=False)
    required = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """A question with choices needs some."""
        values = super().clean() or self.cleaned_data
        if values.get("label") and values.get("kind") == "choice" and len(_lines(values["choices"])) < 2:
            self.add_error("choices", "Write at least two choices, one on each line.")
        return values

    def question(self) -> Question | None:
        """Return the question, None for an empty row; only of a valid form."""
        values = self.cleaned_data
        label = " ".join(values.get("label", "").split())
        if not label:
            return None
        kind = values["kind"] or "text"
        choices = _lines(values["choices"]) if kind == "choice" else ()
        return Question(label=label, kind=kind, required=values["required"], choices=choices)


QuestionForms = forms.formset_factory(QuestionForm, extra=0, max_num=MOST_QUESTIONS, validate_max=False)


def initial_questions(event_type: EventType) -> list[Mapping[str, Any]]:
    """Return the stored questions as their forms show them."""
    return [
        {
            "label": each.label,
            "kind": each.kind,
            "required": each.required,
            "choices": "\n".join(each.choices),
        }
        for each in questions_of(event_type)
    ]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
