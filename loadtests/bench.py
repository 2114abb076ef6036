"""bin/bench: every figure that was promised, and the physical floor beside it, into docs/performance.md.

    bin/bench [--quick] [--only SECTION]... [--no-page] [--check]

It starts an installation of its own, with the public rate limits lifted, and throws it away. Each section's figures are
kept in docs/performance.json with their circumstances, so `--only` renews its sections and leaves the others as they
were; the floor is measured in every run, for the ratios. Nothing else should run on the machine: its load is kept too.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import bookings, calendars, crowds, floor, slots, tenants
from benchmarks.figures import Figure, Floor
from benchmarks.provider import slow_provider
from benchmarks.record import PAGE, RECORD, measured, no_longer_met, read_record, tables, write
from benchmarks.setting import Setting
from lab.cpu import Meter
from lab.installation import installation

SECTIONS = ("floor", "slots", "bookings", "crowds", "calendars", "tenants")
MEASURES = {
    "slots": slots.measure,
    "bookings": bookings.measure,
    "crowds": crowds.measure,
    "calendars": calendars.measure,
    "tenants": tenants.measure,
}


def main() -> int:
    """Measure the wanted sections and list what misses its aim; exit status 1 only with --check, where a figure that
    the page calls met is not met any more."""
    asked = _asked()
    wanted = [name for name in SECTIONS if name == "floor" or not asked.only or name in asked.only]
    missed: list[str] = []
    lost: list[str] = []
    record, renewed = read_record(), dict[str, dict[str, Any]]()
    with (
        slow_provider() as provider,
        installation(
            asked.data, HOLDFAST_LOG_LEVEL="WARNING", HOLDFAST_HTTP_ALLOW=provider.address
        ) as loaded,
    ):
        setting = Setting(loaded, Meter(loaded), asked.quick, provider)
        setting.say("the sandbox: 20 hosts, 200 bookings")
        loaded.sandbox("bench")
        bookings.drain(setting)
        setting.meter.learn_idle(1.5 if asked.quick else 3)
        for name, found, of_run in _sections(setting, wanted):
            missed += [f"{each.name}: {each.value}, not {each.aim}" for each in found if each.met is False]
            lost += [] if name == "floor" else no_longer_met(name, record, found)  # it promises nothing
            if name == "floor" and asked.only and "floor" not in asked.only:
                continue  # it stands at the head of each section
            renewed[name] = measured(found, quick=asked.quick, floor=of_run)
            if not asked.no_page:
                write({**record, **renewed}, SECTIONS)
    if not asked.no_page:
        print(f"written: {PAGE}, {RECORD}")
    else:
        print(tables(renewed, SECTIONS))
    print(f"open: {len(missed)}", *missed, sep="\n  ")
    if asked.check:
        print(f"met on the page and no longer: {len(lost)}", *lost, sep="\n  ")
    return 1 if asked.check and lost else 0


def _asked() -> argparse.Namespace:
    """What was asked for; what cannot be had together ends the program with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section (and the floor)")
    parser.add_argument("--quick", action="store_true", help="a few minutes; the figures are rougher")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.* alone")
    parser.add_argument(
        "--check", action="store_true", help="exit status 1 if what the page calls met is not; --no-page too"
    )
    parser.add_argument(
        "--data", type=Path, help="an installation that runs (HOLDFAST_PUBLIC_RATE=off); it is loaded"
    )
    asked = parser.parse_args()
    if asked.data and "calendars" in (asked.only or SECTIONS):
        parser.error("the section calendars brings a provider of its own: leave --data out")
    if asked.check and asked.quick:
        parser.error("--check holds full length against full length: leave --quick out")
    asked.no_page |= asked.check  # what it is held against must not give way to it
    return asked


def _sections(setting: Setting, wanted: Sequence[str]) -> Iterator[tuple[str, list[Figure], Floor]]:
    """Measure the floor, then the other sections; each one's figures as soon as they are known, with the floor."""
    of_run: Floor | None = None  # the floor is always wanted, and stands first
    for name in wanted:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        if of_run is None:
            found, of_run = floor.measure(setting)
        else:
            found = MEASURES[name](setting, of_run)
        _show(found, time.monotonic() - started)
        yield name, found, of_run


def _show(found: Sequence[Figure], seconds: float) -> None:
    """Print a section's figures."""
    for figure in found:
        mark = {True: "ok  ", False: "OPEN", None: "    "}[figure.met]
        print(
            f"   {mark} {figure.name}: {figure.value} {figure.aim and f'({figure.aim})'} {figure.floor}",
            flush=True,
        )
    print(f"   {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
