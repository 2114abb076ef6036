"""Calendar objects as text. The library folds a line by looking at each of its characters; most need no folding."""

from icalendar import Component

_FOLDED_FROM = 75  # octets, as the library counts them (RFC 5545, 3.1: no longer than 75)


def ical_lines(component: Component) -> list[str]:
    """Return the content lines of a component and those in it, folded as `to_ical` does, without their CRLF."""
    return [
        line if len(line.encode()) < _FOLDED_FROM else line.to_ical().decode()
        for line in component.content_lines()
        if line
    ]


def ical_text(lines: list[str]) -> str:
    """Return lines as a file has them: each ended by CRLF."""
    return "\r\n".join([*lines, ""])
