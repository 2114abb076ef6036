"""What may stand in a header, an invite or a text column: pure cleaning of what people typed."""

import re


def one_line(text: str, *, limit: int = 300) -> str:
    """Return `text` as one line of at most `limit` characters, each run of blanks and controls as one space.

    Controls are C0, C1 and DEL (a bare CR injects a line into an iCalendar file), line and paragraph
    separators, and lone surrogates (which no encoding can carry).
    """
    return " ".join(_ALL.sub(" ", text).split())[:limit].rstrip()


def plain_lines(text: str) -> str:
    """Return `text` with its line ends as \\n and without any other control."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BUT_LINES.sub(" ", unified)


_CONTROLS = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff"  # Unicode's Cc, Zl, Zp and Cs
_ALL = re.compile(f"[{_CONTROLS}\\t\\n]")
_BUT_LINES = re.compile(f"[{_CONTROLS}]")
