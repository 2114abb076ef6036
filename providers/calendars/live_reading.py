"""Asking several calendars at once, within one deadline. Workers get plain values; one that has to renew a token
opens a database connection of its own for it.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

from providers.calendars.busy_rules import Interval
from providers.calendars.connections import open_calendar
from providers.calendars.index_store import Reading
from providers.models.calendars import Calendar
from providers.protocols import ProviderError, Unauthorised

_DEADLINE_SECONDS = 4.0
_REQUEST_SECONDS = 3.5
MOST_AT_ONCE = 32


def read_live(calendars: Sequence[Calendar], *, start: datetime, end: datetime) -> dict[int, Reading]:
    """Return a reading of [start, end) for each calendar, by id, after four seconds at most.

    A calendar that fails or is not done by then gives a reading without intervals, its reason in words.
    """
    readings: dict[int, Reading] = {}
    futures: dict[int, Future[tuple[Interval, ...]]] = {}
    pool = ThreadPoolExecutor(max_workers=min(len(calendars), MOST_AT_ONCE), thread_name_prefix="calendar")
    try:
        for each in calendars:
            try:
                client = open_calendar(each, timeout_seconds=_REQUEST_SECONDS)
            except ProviderError as error:
                readings[each.id] = _failed(error)
            else:
                futures[each.id] = pool.submit(client.busy, start=start, end=end)
        wait(futures.values(), timeout=_DEADLINE_SECONDS)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    for each in calendars:
        if each.id in futures:
            readings[each.id] = _outcome(futures[each.id])
    return readings


def _outcome(future: Future[tuple[Interval, ...]]) -> Reading:
    if not future.done() or future.cancelled():
        return Reading(words="The calendar server did not answer in time.")
    error = future.exception()
    if isinstance(error, ProviderError):
        return _failed(error)
    return Reading(intervals=future.result())


def _failed(error: ProviderError) -> Reading:
    return Reading(words=error.message, is_sign_in_refused=isinstance(error, Unauthorised))
