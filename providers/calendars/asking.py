"""One request to a calendar server whose address somebody typed: every failure has one of our four names."""

from collections.abc import Callable

import httpx
from django.db import connection

from kernel import http
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable


class NetworkInsideTransaction(RuntimeError):
    """A programming error: a calendar was asked while a database transaction was open."""


def answered(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send by a guarded client; return an answer below 500 that is no refused sign-in.

    Raises Unreachable (no answer, 5xx), RateLimited (429), Unauthorised (401), Rejected (forbidden addresses,
    answers that are too large), and NetworkInsideTransaction.
    """
    if connection.in_atomic_block:
        raise NetworkInsideTransaction("a calendar was asked inside a database transaction")
    try:
        answer = send()
    except http.ForbiddenAddress as error:
        raise Rejected("The calendar server's address is not a public one.") from error
    except http.TimedOut as error:
        raise Unreachable("The calendar server did not answer in time.") from error
    except http.TooLarge as error:
        raise Rejected("The calendar server's answer is too large.") from error
    except http.HttpError as error:
        raise Unreachable("The calendar server cannot be reached.") from error
    _check_status(answer)
    return answer


def _check_status(answer: httpx.Response) -> None:
    """Raise the failure that a status stands for; 2xx, 3xx and the 4xx that callers read pass."""
    status = answer.status_code
    if status == 401:
        raise Unauthorised("The calendar server refused the user name or password.")
    if status == 429:
        after = answer.headers.get("Retry-After", "")
        seconds = float(after) if after.isdigit() else None
        raise RateLimited("The calendar server asks us to come back later.", retry_after=seconds)
    if status >= 500:
        raise Unreachable(f"The calendar server has a fault of its own (HTTP {status}).")
