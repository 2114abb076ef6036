"""Asking several calendars at once, each about one time or several, within one deadline. Workers get plain values; one
that has to renew a token opens a database connection of its own for it.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from providers.calendars.busy_rules import Interval
from providers.calendars.connections import open_calendar
from providers.calendars.index_store import Reading
from providers.models.calendars import Calendar
from providers.protocols import ProviderError, Unauthorised

_DEADLINE_SECONDS = 4.0
_REQUEST_SECONDS = 3.5
MOST_AT_ONCE = 32


Asked = tuple[int, Interval]
"""A calendar, by id, and the half-open time about which it is asked."""


def read_live(asked: Sequence[tuple[Calendar, Interval]]) -> dict[Asked, Reading]:
    """Return a reading of each calendar about each time that it is asked about, after four seconds at most.

    A calendar that fails or is not done by then gives a reading without intervals, its reason in words; one that
    fails about one time does so about all of them.
    """
    readings: dict[Asked, Reading] = {}
    futures: dict[Asked, Future[tuple[Interval, ...]]] = {}
    pool = ThreadPoolExecutor(max_workers=min(len(asked), MOST_AT_ONCE), thread_name_prefix="calendar")
    try:
        for calendar, (start, end) in asked:
            key = (calendar.id, (start, end))
            try:
                client = open_calendar(calendar, timeout_seconds=_REQUEST_SECONDS)
            except ProviderError as error:
                readings[key] = _failed(error)
            else:
                futures[key] = pool.submit(client.busy, start=start, end=end)
        wait(futures.values(), timeout=_DEADLINE_SECONDS)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    readings |= {key: _outcome(future) for key, future in futures.items()}
    failed = {key[0]: reading for key, reading in readings.items() if reading.intervals is None}
    return {key: failed.get(key[0], reading) for key, reading in readings.items()}


def _outcome(future: Future[tuple[Interval, ...]]) -> Reading:
    if not future.done() or future.cancelled():
        return Reading(words="The calendar server did not answer in time.")
    error = future.exception()
    if isinstance(error, ProviderError):
        return _failed(error)
    return Reading(intervals=future.result())


def _failed(error: ProviderError) -> Reading:
    return Reading(words=error.message, is_sign_in_refused=isinstance(error, Unauthorised))
