"""The slots page of twenty hosts, each with a connected calendar whose provider takes 300 ms to answer."""

import subprocess
import sys
from collections.abc import Callable

from benchmarks.figures import COUNT, Figure, Floor, at_most, exactly
from benchmarks.provider import SECONDS
from benchmarks.setting import Setting, percentile
from lab.installation import ROOT
from lab.wire import Line, get

HOSTS = 20
ROUND_TRIP = SECONDS * 1000
BESIDE = 200.0
# The index is of an hour ago: who looks now is the first.
AGE = "UPDATE providers_calendar SET read_at = read_at - interval '1 hour', failed_at = NULL"


def measure(setting: Setting, floor: Floor) -> list[Figure]:
    """First view: every calendar is asked, all at once. Warm view: none is. Nothing else is at work."""
    setting.loaded.sandbox("calendars", hosts=HOSTS, bookings=200)
    _connect(setting)
    setting.provider.seconds = SECONDS
    times = 10 if setting.quick else 40
    with setting.without_workers():
        cold = _views(setting, times, before=_age(setting))
        warm = _views(setting, times * 4, before=lambda: None)
    setting.loaded.holdfast("sandbox", "--tenant", "calendars", "--remove")
    p50, p95 = percentile(cold.ms, 50), percentile(cold.ms, 95)
    warm50, warm95 = percentile(warm.ms, 50), percentile(warm.ms, 95)
    return [
        at_most(
            "first view p50: one round trip and what is beside it",
            p50,
            ROUND_TRIP + BESIDE,
            "ms",
            f"{p50 / ROUND_TRIP:.1f} round trips",
        ),
        Figure("first view p95", f"{p95:g} ms", f"{p95 / ROUND_TRIP:.1f} round trips"),
        exactly("provider calls of a first view", sorted(set(cold.calls)), [HOSTS]),
        Figure("of them at once, at most", str(cold.most_at_once), COUNT),
        Figure("warm view p50; p95", f"{warm50:g} ms; {warm95:g} ms", floor.page_waits(warm50, warm95)),
        exactly("provider calls of a warm view", sorted(set(warm.calls)), [0]),
    ]


class _Seen:
    """What several views took, and what the provider saw of each."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.calls: list[int] = []
        self.most_at_once = 0


def _views(setting: Setting, times: int, *, before: Callable[[], None]) -> _Seen:
    request, line, seen = get("calendars", "/book/team/"), Line(setting.port), _Seen()
    line.ask(request)  # the connection, and the code
    for _ in range(times):
        before()
        setting.provider.forget()
        answer = line.ask(request)
        if answer.status != 200:
            raise SystemExit(f"The slots page was answered {answer.status}, not 200.")
        seen.ms.append(answer.ms)
        seen.calls.append(setting.provider.asked)
        seen.most_at_once = max(seen.most_at_once, setting.provider.most_at_once)
    line.close()
    return seen


def _age(setting: Setting) -> Callable[[], None]:
    def age() -> None:
        with setting.superuser() as connection:
            connection.execute(f'SET search_path = "{setting.schema("calendars")}"')  # type: ignore[arg-type]
            connection.execute(AGE)

    return age


def _connect(setting: Setting) -> None:
    """Connect the hosts, in a process with the web's environment."""
    subprocess.run(
        [sys.executable, "-P", ROOT / "loadtests" / "benchmarks" / "connect_hosts.py", setting.schema("calendars"),
         f"http://{setting.provider.address}"],
        env={**setting.loaded.application_environment(), "HOLDFAST_HTTP_ALLOW": setting.provider.address},
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
