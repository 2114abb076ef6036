"""One layout for every mail: the time first, the link second, then the words; as text and as HTML.

The text twin is written here, line by line; the HTML is booking/templates/mail/letter.html, which works
without images and styles. What people typed stays on its own line: no name can forge the first two lines.
"""

from dataclasses import dataclass

from django.template.loader import render_to_string

from booking.messages.facts import Business


@dataclass(frozen=True, kw_only=True)
class Link:
    """Something to do: a verb and where it is done."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail's content: `time` is the first line, `link` or else `place` the second; rows: (label, value).
    `language` is its words' code, as HTML names it."""

    business: Business
    time: str
    heading: str
    link: Link | None = None
    place: str = ""
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    actions: tuple[Link, ...] = ()
    footer: str = ""
    language: str = "en"


def letter_text(letter: Letter) -> str:
    """Return the plain-text twin, lines separated by \\n."""
    lines = [_line(letter.time)]
    if letter.link:
        lines.append(f"{letter.link.label}: {letter.link.url}")
    elif letter.place:
        lines.append(_line(letter.place))
    lines += ["", _line(letter.heading)]
    for paragraph in letter.paragraphs:
        lines += ["", _line(paragraph)]
    if letter.rows:
        lines += ["", *(f"{_line(label)}: {_line(value)}" for label, value in letter.rows)]
    for action in letter.actions:
        lines += ["", f"{action.label}:", action.url]
    lines += ["", "-- ", _line(letter.business.name), letter.business.home_url]
    if letter.footer:
        lines += [_line(letter.footer)]
    return "\n".join(lines) + "\n"


def letter_html(letter: Letter) -> str:
    """Return the HTML twin; every value is escaped by the template."""
    accent = letter.business.accent
    return render_to_string(
        "mail/letter.html", {"letter": letter, "accent": accent, "on_accent": ink_on(accent)}
    )


def ink_on(colour: str) -> str:
    """Return white or black, whichever reads on "#rrggbb" with at least 4.5:1 (WCAG 2.2, 1.4.3)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else "#000000"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _line(text: str) -> str:
    return " ".join(text.split())
