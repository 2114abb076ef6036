"""The words of a mail to a client, with placeholders from a closed set: pure, and no code can hide in them.

`{meeting}` is replaced where the occasion knows that name; nothing else in a wording means anything. What comes
out is plain text, which the letter's HTML escapes: neither the business nor a client's name can add markup.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from kernel.errors import HoldfastError

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
LONGEST = {"subject": 200, "heading": 200, "body": 2000, "footer": 500}

COMMON = ("business", "meeting", "host", "client", "when", "start", "time_zone")
OF_OCCASION: dict[str, tuple[str, ...]] = {
    "confirmation": ("how_to_join",),
    "reminder": ("tested",),
    "moved": ("what_changed", "before"),
    "cancellation": ("who", "freed", "reason"),
    "pending": ("until",),
    "failed": ("why", "what_now"),
    "move_failed": ("why", "wanted"),
    "reassigned": ("what_stays", "before"),
    "new_link": (),
    "left": (),
}
OCCASIONS = tuple(OF_OCCASION)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Subject, heading, paragraphs (an empty line between two) and footer; "" means the shipped words."""

    subject: str = ""
    heading: str = ""
    body: str = ""
    footer: str = ""

    @property
    def is_shipped(self) -> bool:
        """Say whether nothing of it is the business's own."""
        return not any(getattr(self, each.name) for each in fields(self))


class InvalidWording(HoldfastError):
    """The wording cannot be used; `faults` names each wrong field with a sentence."""

    code = "invalid_request"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


def placeholders(occasion: str) -> tuple[str, ...]:
    """Return the names that may stand in braces on this occasion."""
    return (*COMMON, *OF_OCCASION[occasion])


def check_wording(occasion: str, wording: Wording) -> Wording:
    """Return the wording, trimmed; raises InvalidWording for an unknown placeholder or too many characters."""
    trimmed = Wording(
        subject=" ".join(wording.subject.split()),
        heading=" ".join(wording.heading.split()),
        body=wording.body.replace("\r\n", "\n").strip(),
        footer=" ".join(wording.footer.split()),
    )
    known = placeholders(occasion)
    faults: dict[str, str] = {}
    for name, longest in LONGEST.items():
        text = getattr(trimmed, name)
        unknown = [each for each in _PLACEHOLDER.findall(text) if each not in known]
        if unknown:
            faults[name] = f"There is no placeholder {{{unknown[0]}}} here. Choose one from the list."
        elif len(text) > longest:
            faults[name] = f"At most {longest:,} characters; these are {len(text):,}."
    if faults:
        raise InvalidWording(faults)
    return trimmed


def or_shipped(own: Wording | None, shipped: Wording) -> Wording:
    """Return the business's own words, field by field the shipped ones where it has none."""
    if own is None:
        return shipped
    return Wording(
        **{each.name: getattr(own, each.name) or getattr(shipped, each.name) for each in fields(own)}
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with each known placeholder replaced; what is put in is not looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def paragraphs(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the paragraphs of a body, filled; one that comes out empty is left out."""
    parts = (filled(part, values).strip() for part in re.split(r"\n[ \t]*\n", text))
    return tuple(part for part in parts if part)
