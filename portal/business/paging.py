"""Turning pages by the last row seen: steady while new rows arrive on top."""

from django.http import HttpRequest

_LONGEST = 18  # digits of a bigint


def before(request: HttpRequest) -> int | None:
    """Return the id that the asked page lies before; None (also when unreadable): the newest."""
    asked = request.GET.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST else None
