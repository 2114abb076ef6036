"""What may stand in a header, an invite or a text column: pure cleaning of what people typed."""

import unicodedata


def one_line(text: str, *, limit: int = 300) -> str:
    """Return `text` as one line of at most `limit` characters, each run of blanks and controls as one space.

    Controls are C0, C1 and DEL (a bare CR injects a line into an iCalendar file), line and paragraph
    separators, and lone surrogates (which no encoding can carry).
    """
    return " ".join(_without_controls(text, keep="").split())[:limit].rstrip()


def plain_lines(text: str) -> str:
    """Return `text` with its line ends as \\n and without any other control."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _without_controls(unified, keep="\n\t")


def _without_controls(text: str, *, keep: str) -> str:
    return "".join(
        letter if letter in keep or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") else " "
        for letter in text
    )
