"""Turning pages by the last row seen: steady while new rows arrive on top."""

from django.http import HttpRequest

_LONGEST = 18  # digits of a bigint


def before(request: HttpRequest) -> int | None:
    """Return the id that the asked page lies before; None (also when unreadable): the newest."""
    return row_id(request.GET.get("before", ""))


def row_id(text: str) -> int | None:
    """Return the id that a form or an address names; None for what can be no row's."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
