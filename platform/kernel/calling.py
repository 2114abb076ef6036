"""Calling a provider's fixed addresses: what may be sent again, when to wait, and when to stop asking.

A `Caller` belongs to one provider ("google"); its connections are kept by the process. Every failure is one of
`kernel.http`'s or `Resting`. Typed addresses do not come here: they get a client for one conversation.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import httpx
from django.conf import settings

from kernel.breaker import Breaker, Resting
from kernel.http import GuardedClient, HttpError, guarded_client
from kernel.tenancy import current_schema

__all__ = ["Caller", "Resting", "retry_after_seconds"]

MAX_BYTES = 8_000_000
_TRIES = 3
_FIRST_PAUSE = 0.2
_LATER = (429, 503)
_BROKEN = (500, 502, 503, 504)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """How one provider is called for one tenant. `sleep` is replaced in tests."""

    provider: str
    breaker: Breaker
    timeout_seconds: float = 8.0
    sleep: Callable[[float], None] = time.sleep

    def send(
        self,
        method: str,
        url: str,
        *,
        account: str = "",
        is_repeatable: bool | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        schema: str | None = None,
    ) -> httpx.Response:
        """Return the answer, whatever its status, after three tries at most and `timeout_seconds` in all.

        Sent again: what only reads or is said to be `is_repeatable` (it carries its own key), after no answer or
        500, 502, 503, 504; anything, where no connection opened, or the answer was 429 or 503 with a Retry-After
        that fits into the time left (RFC 9110, 10.2.3): it was not performed. `account` is who a Retry-After is
        kept for. `schema` is the tenant; a thread without a database connection of the tenant must say it.
        Raises HttpError; Resting while the provider rests for this tenant or account.
        """
        key = (self.provider, schema or current_schema())
        ends_at = time.monotonic() + self.timeout_seconds
        again = method in _READING if is_repeatable is None else is_repeatable
        for tried in range(1, _TRIES + 1):
            self.breaker.check(key, account)
            pause: float | None = _FIRST_PAUSE * 2**tried * random.uniform(0.5, 1.0)  # noqa: S311  jitter
            left = max(0.05, ends_at - time.monotonic())
            try:
                answer = self._once(method, url, headers, json, form, content, params, left)
            except HttpError as error:
                self.breaker.failed(key)
                if not (again or not error.may_have_acted) or self._is_over(tried, pause, ends_at):
                    raise
            else:
                pause = self._pause_after(answer, key, account, again=again, usual=pause)
                if pause is None or self._is_over(tried, pause, ends_at):
                    return answer
            assert pause is not None
            self.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: Any,
        form: Mapping[str, str] | None,
        content: bytes | None,
        params: Mapping[str, str] | None,
        seconds: float,
    ) -> httpx.Response:
        return _client(tuple(settings.HOLDFAST_HTTP_ALLOW)).request(
            method,
            url,
            headers=dict(headers or {}),
            json=json,
            data=dict(form) if form is not None else None,
            content=content,
            params=dict(params) if params is not None else None,
            extensions={"holdfast_seconds": seconds},
        )

    def _pause_after(
        self, answer: httpx.Response, key: tuple[str, str], account: str, *, again: bool, usual: float | None
    ) -> float | None:
        """Return how long to wait before the next try; None when the answer is the answer."""
        said = retry_after_seconds(answer)
        if answer.status_code in _LATER and said is not None:
            self.breaker.asked_to_wait(key, account, said)
            return said
        if answer.status_code in _BROKEN:
            self.breaker.failed(key)
            return usual if again else None
        self.breaker.worked(key)
        return usual if answer.status_code == 429 else None

    @staticmethod
    def _is_over(tried: int, pause: float | None, ends_at: float) -> bool:
        return tried >= _TRIES or time.monotonic() + (pause or 0.0) >= ends_at


def retry_after_seconds(answer: httpx.Response) -> float | None:
    """Return Retry-After in seconds from now, given as seconds or as a date (RFC 9110, 10.2.3); None without."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


@lru_cache(maxsize=4)
def _client(_allowed: tuple[str, ...]) -> GuardedClient:
    """Return the process's client for fixed addresses; another allow-list is another client."""
    return guarded_client(max_bytes=MAX_BYTES)
