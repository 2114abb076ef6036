"""Counts attempts in PostgreSQL: guessing is slowed down across processes, without a cache server."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from accounts.models import Throttle

_KEPT = timedelta(days=1)  # longer than any window; older rows are swept when a new window opens

_COUNT = """
INSERT INTO accounts_throttle AS t (key, window_started_at, count) VALUES (%(key)s, %(now)s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN t.window_started_at <= %(expired)s THEN 1 ELSE t.count + 1 END,
    window_started_at = CASE WHEN t.window_started_at <= %(expired)s THEN %(now)s ELSE t.window_started_at END
RETURNING count, window_started_at
"""

_SWEEP = """
DELETE FROM accounts_throttle WHERE key IN (
    SELECT key FROM accounts_throttle WHERE window_started_at < %(before)s LIMIT 100 FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` of `action` per `window`."""

    action: str
    attempts: int
    window: timedelta


def count_attempt(limit: Limit, *, who: str, now: datetime) -> timedelta | None:
    """Count one attempt by `who` (an address, an IP, both); return how long to wait, or None when allowed.

    One statement, exact under concurrency: a fixed window that opens with its first attempt.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": _key(limit, who), "now": now, "expired": now - limit.window})
        count, window_started_at = cursor.fetchone()
    if count == 1:
        _sweep(now - _KEPT)
    if count <= limit.attempts:
        return None
    wait: timedelta = window_started_at + limit.window - now
    return max(wait, timedelta(seconds=1))


def take_back_attempt(limit: Limit, *, who: str) -> None:
    """Uncount one attempt that turned out to be the right person's; never wipes what others tried."""
    Throttle.objects.filter(key=_key(limit, who), count__gt=0).update(count=F("count") - 1)


def forget_attempts(limit: Limit, *, who: str) -> None:
    """Start over for `who`: called when the person proved another way who they are."""
    Throttle.objects.filter(key=_key(limit, who)).delete()


def _sweep(before: datetime) -> None:
    """Delete windows that opened before then, at most 100; rows that another sweep holds are left to it."""
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, {"before": before})


def _key(limit: Limit, who: str) -> str:
    return hashlib.sha256(f"{limit.action}\0{who}".encode()).hexdigest()
