"""Asking several calendars at once, each about one time or several, within one deadline. Workers get plain values; one
that has to renew a token opens a database connection of its own for it.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from providers.calendars.busy_rules import Interval
from providers.calendars.connections import open_calendar
from providers.calendars.following import TwoWayCalendar
from providers.calendars.index_store import Reading
from providers.models.calendars import Calendar
from providers.protocols import ProviderError, Unauthorised

_DEADLINE_SECONDS = 4.0
_REQUEST_SECONDS = 3.5
MOST_AT_ONCE = 32
LANES = 3
"""So many requests at once to one account: Microsoft takes four from an application for a mailbox."""


Asked = tuple[int, Interval]
"""A calendar, by id, and the half-open time about which it is asked."""
_Told = Future[tuple[Interval, ...]]


def read_live(asked: Sequence[tuple[Calendar, Interval]]) -> dict[Asked, Reading]:
    """Return a reading of each calendar about each time that it is asked about, after four seconds at most.

    What fails or is not done by then gives a reading without intervals, its reason in words.
    """
    readings: dict[Asked, Reading] = {}
    futures: dict[Asked, _Told] = {}
    give_up_at = time.monotonic() + _DEADLINE_SECONDS
    lanes = _lanes(asked)
    pool = ThreadPoolExecutor(max_workers=min(len(lanes), MOST_AT_ONCE), thread_name_prefix="calendar")
    try:
        for lane in lanes:
            clients: dict[int, TwoWayCalendar] = {}
            work: list[tuple[_Told, Callable[[], tuple[Interval, ...]]]] = []
            for calendar, (start, end) in lane:
                key = (calendar.id, (start, end))
                try:
                    client = clients.get(calendar.id) or open_calendar(
                        calendar, timeout_seconds=_REQUEST_SECONDS
                    )
                except ProviderError as error:
                    readings[key] = _failed(error)
                else:
                    clients[calendar.id] = client
                    futures[key] = Future()
                    work.append((futures[key], partial(client.busy, start=start, end=end)))
            pool.submit(_ask_in_turn, work, give_up_at)
        wait(futures.values(), timeout=give_up_at - time.monotonic())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return readings | {key: _outcome(future) for key, future in futures.items()}


def _lanes(asked: Sequence[tuple[Calendar, Interval]]) -> list[list[tuple[Calendar, Interval]]]:
    """Share out what is asked: of each account's at most `LANES`, each to be asked by one worker in turn."""
    by_connection: defaultdict[int, list[tuple[Calendar, Interval]]] = defaultdict(list)
    for calendar, interval in asked:
        by_connection[calendar.connection_id].append((calendar, interval))
    return [lane for pairs in by_connection.values() for n in range(LANES) if (lane := pairs[n::LANES])]


def _ask_in_turn(work: Sequence[tuple[_Told, Callable[[], tuple[Interval, ...]]]], give_up_at: float) -> None:
    for future, ask in work:
        if time.monotonic() > give_up_at:
            return
        try:
            future.set_result(ask())
        except Exception as error:  # whatever it is, it is told or raised where the answers are put together
            future.set_exception(error)


def _outcome(future: Future[tuple[Interval, ...]]) -> Reading:
    if not future.done():
        return Reading(words="The calendar server did not answer in time.")
    error = future.exception()
    if isinstance(error, ProviderError):
        return _failed(error)
    return Reading(intervals=future.result())


def _failed(error: ProviderError) -> Reading:
    return Reading(words=error.message, is_sign_in_refused=isinstance(error, Unauthorised))
