"""What a language brings: how it writes days, its labels, its sentences, and the shipped words of each occasion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from booking.messages.wording import Wording


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language of clients' mails. `long_day` is "Tuesday 3 November 2026", `short_day` "Tue 3 Nov 2026".

    `phrases` are labels and sentences by key; `reasons` says a refusal by its code; `guests` are the subjects
    and headings of mails to guests.
    """

    code: str
    name: str
    long_day: Callable[[datetime], str]
    short_day: Callable[[datetime], str]
    phrases: Mapping[str, str]
    reasons: Mapping[str, str]
    guests: Mapping[str, tuple[str, str]]
    shipped: Mapping[str, Wording]

    def listed(self, names: list[str]) -> str:
        """Return "Ana", "Ana and Ben", "Ana, Ben and Cleo"."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self.phrases['and']} {names[-1]}"
