"""Random lengths, buffers, kinds and hosts against each other, at once and in turn; then the truth is asked.

    python -m tests.concurrency.random_rounds [--rounds 1000] [--seed 1]

A round is a handful of acts on one day of one business: one-on-ones, sessions, round robins, collectives with rooms,
series, bookings that wait for approval, moves, cancellations. In half of the rounds they start at the same moment, each
on a connection of its own. Nothing but the public functions of booking.api acts, and what is checked is read by the
self-joins of booking.core.promises, which trust no constraint. Exit status 1 if anything was broken.
"""

import argparse
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.patience import PATIENCE

MOST_AT_ONCE = 5
CHECKED_EVERY = 25
STEP_MINUTES = 5
DAYS = 12


@dataclass
class Figures:
    """What was done and what came of it. `broken` are sentences; there must be none."""

    rounds: int = 0
    at_once: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    deadlocks: int = 0
    checks: int = 0
    seconds: float = 0

    def is_good(self) -> bool:
        """Say whether nothing was broken, nobody waited in a circle, and something really happened."""
        took = sum(count for outcome, count in self.outcomes.items() if outcome.endswith(": done"))
        return not self.broken and not self.deadlocks and took > 0


def run_rounds(world: "World", *, rounds: int, seed: int) -> Figures:  # noqa: F821  imported when Django stands
    """Play so many rounds in Northwind and return what came of them; the same seed asks for the same acts."""
    from booking.contention.checking import broken_promises

    dice = random.Random(seed)
    figures = Figures()
    began, deadlocks = time.monotonic(), world.deadlocks()
    with world.enter("northwind"):
        types = make_types(dice)
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        for number in range(rounds):
            acts = [_act(dice, types) for _ in range(dice.randint(2, MOST_AT_ONCE))]
            figures.at_once += number % 2
            figures.outcomes.update(
                _play_at_once(threads, world, acts) if number % 2 else [_play(world, act) for act in acts]
            )
            figures.rounds += 1
            if figures.rounds % CHECKED_EVERY == 0 or figures.rounds == rounds:
                with world.enter("northwind"):
                    figures.broken += broken_promises()
                figures.checks += 1
        list(threads.map(_close, range(MOST_AT_ONCE)))
    figures.deadlocks = world.deadlocks() - deadlocks
    figures.seconds = time.monotonic() - began
    return figures


def make_types(dice: random.Random) -> list[str]:
    """Store two dozen meeting types of random lengths, buffers, kinds, hosts and rooms, all in person, open day and
    night; return their slugs."""
    from booking.api import EventType, EventTypeHost, Host, WeeklyHours, make_resource
    from booking.models import EventTypeResource
    from tests.booking.scene import OWNER

    WeeklyHours.objects.all().delete()
    hosts = list(Host.objects.order_by("pk"))
    for host in hosts:
        for schedule in host.schedules.all():
            for weekday in range(7):
                WeeklyHours.objects.create(
                    schedule=schedule, weekday=weekday, start_minute=0, end_minute=1440
                )
    rooms = [make_resource(f"Room {n}", kind="room", actor=OWNER) for n in range(3)]
    slugs = []
    for number in range(24):
        kind = dice.choice(["one_on_one", "group", "round_robin", "collective"])
        series = kind != "group" and dice.random() < 0.4
        made = EventType.objects.create(
            slug=f"type-{number}", title=f"Type {number}", kind=kind,
            duration_minutes=dice.randrange(10, 125, 5), slot_interval_minutes=STEP_MINUTES,
            buffer_before_minutes=dice.choice([0, 0, 5, 15, 45]), buffer_after_minutes=dice.choice([0, 0, 10, 30]),
            minimum_notice_minutes=0, window_days=60, capacity=dice.randint(1, 4) if kind == "group" else 1,
            location_kind="in_person", location_detail="Here", series_most=6 if series else 0,
            requires_approval=not series and dice.random() < 0.3,
        )  # fmt: skip
        count = {"one_on_one": 1, "group": dice.randint(1, 2), "round_robin": 4, "collective": 3}[kind]
        for host in dice.sample(hosts, count):
            EventTypeHost.objects.create(event_type=made, host=host, weight=dice.randint(1, 3))
        if dice.random() < 0.4:
            need = dice.choice(["all", "any"])
            for room in dice.sample(rooms, 1 if need == "all" else 2):
                EventTypeResource.objects.create(event_type=made, resource=room, need=need)
        slugs.append(made.slug)
    return slugs


Act = tuple[str, Callable[[], object]]


def _act(dice: random.Random, types: Sequence[str]) -> Act:
    """Choose what one client, host or passer-by does; every choice is made here, so that a seed repeats it."""
    slug, start = dice.choice(types), _start(dice)
    pick = dice.random()
    kind = dice.choices(
        ["book", "hold", "series", "move", "cancel", "approve", "decline"], [40, 8, 14, 16, 8, 10, 4]
    )[0]
    weeks = [
        start + timedelta(days=dice.randint(0, 1), minutes=STEP_MINUTES * dice.randint(-6, 6))
        for _ in range(2)
    ]
    dates = [start, *(each + timedelta(days=2 * n + 2) for n, each in enumerate(weeks))]
    dice.shuffle(dates)
    acts: dict[str, Callable[[], object]] = {
        "book": lambda: _book(slug, start),
        "hold": lambda: _hold(slug, start),
        "series": lambda: _series(pick, dates),
        "move": lambda: _with_one("confirmed", pick, lambda booking: _move(booking, start)),
        "cancel": lambda: _with_one("confirmed", pick, _cancel),
        "approve": lambda: _with_one("pending", pick, _approve),
        "decline": lambda: _with_one("pending", pick, _decline),
    }
    return kind, acts[kind]


def _start(dice: random.Random) -> datetime:
    """Return a start on one of a few days, in one of a few hours: they meet often."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = 9 * 60 + STEP_MINUTES * dice.randint(0, 60)
    return today + timedelta(days=3 + dice.randrange(DAYS), minutes=minutes)


def _book(slug: str, start: datetime) -> object:
    from booking.api import book, get_event_type
    from tests.booking.scene import BEN, CLIENT, now

    return book(
        get_event_type(slug), start=start, time_zone="UTC", attendee=BEN, guests=[], answers={}, now=now(),
        actor=CLIENT, visitor="v",
    )  # fmt: skip


def _hold(slug: str, start: datetime) -> object:
    from booking.api import get_event_type, hold
    from tests.booking.scene import CLIENT, now

    visitor = f"v{threading.get_ident()}{time.monotonic_ns()}"  # the cap of holds is another test's matter
    return hold(get_event_type(slug), start=start, time_zone="UTC", now=now(), actor=CLIENT, visitor=visitor)


def _series(pick: float, dates: list[datetime]) -> object:
    from booking.api import book_series, offered_event_types
    from tests.booking.scene import BEN, CLIENT, now

    allowed = [each for each in offered_event_types() if each.series_most]
    return book_series(
        allowed[int(pick * len(allowed))], starts=dates, time_zone="UTC", attendee=BEN, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="v",
    )  # fmt: skip


def _with_one(status: str, pick: float, act: Callable[["Booking"], object]) -> object:  # noqa: F821
    """Let `act` have a booking of that status, one of the latest; none there is a refusal like any other."""
    from booking.api import Booking, NotChangeable

    rows = Booking.objects.filter(status=status).select_related("meeting__event_type").order_by("-pk")[:40]
    if not rows:
        raise NotChangeable("There is none.")
    return act(rows[int(pick * len(rows))])


def _move(booking: "Booking", start: datetime) -> object:  # noqa: F821
    from booking.api import move
    from tests.booking.scene import OWNER, now

    return move(booking, start=start, now=now(), actor=OWNER)


def _cancel(booking: "Booking") -> object:  # noqa: F821
    from booking.api import cancel
    from tests.booking.scene import OWNER, now

    return cancel(booking, reason="", now=now(), actor=OWNER)


def _approve(booking: "Booking") -> object:  # noqa: F821
    from booking.api import approve
    from tests.booking.scene import OWNER, now

    return approve(booking, now=now(), actor=OWNER)


def _decline(booking: "Booking") -> object:  # noqa: F821
    from booking.api import decline
    from tests.booking.scene import OWNER, now

    return decline(booking, reason="", now=now(), actor=OWNER)


def _play(world: "World", act: Act) -> str:  # noqa: F821
    """Do one act and say what came of it: done, or the code of the refusal. Anything else is a fault, and raised."""
    from kernel.errors import HoldfastError

    kind, do = act
    try:
        with world.enter("northwind"):
            do()
    except HoldfastError as refused:
        return f"{kind}: {refused.code}"
    return f"{kind}: done"


def _play_at_once(threads: ThreadPoolExecutor, world: "World", acts: Sequence[Act]) -> list[str]:  # noqa: F821
    gate = threading.Barrier(len(acts))

    def play(act: Act) -> str:
        gate.wait(60 * PATIENCE)
        return _play(world, act)

    return list(threads.map(play, acts))


def _close(_thread: int) -> None:
    from django.db import connection

    connection.close()
    time.sleep(0.05)  # each thread takes one of these


def main(arguments: Sequence[str]) -> int:
    """Start a server, play, print the figures; 1 if a promise broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.concurrency.random_rounds")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(list(arguments))

    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from holdfast.embedded.postgres import EmbeddedPostgres
    from tests.conftest import roomy_folder
    from tests.database import clone, make_template

    folder = roomy_folder() / f"holdfast-rounds-{os.getpid()}"
    server = EmbeddedPostgres(folder, durable=False)
    server.start()
    try:
        make_template(server)
        figures = run_rounds(clone(server), rounds=options.rounds, seed=options.seed)
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
        shutil.rmtree(folder)
    print(
        f"{figures.rounds} rounds, {figures.at_once} of them at once, in {figures.seconds:.0f} s; seed {options.seed}"
    )
    for outcome, count in sorted(figures.outcomes.items()):
        print(f"  {count:6,}  {outcome}")
    print(
        f"{figures.checks} checks by self-join: {len(figures.broken)} broken; {figures.deadlocks} deadlocks (40P01)"
    )
    for sentence in figures.broken[:20]:
        print(f"  BROKEN {sentence}")
    return 0 if figures.is_good() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
