"""bin/bench: every figure that was promised, and the physical floor beside it, into docs/performance.md.

    bin/bench [--quick] [--only SECTION]... [--no-page]

It starts an installation of its own, with the public rate limits lifted, and throws it away. Each section's figures
are kept, so `--only` renews a part of the table. Nothing else should run on the machine; the load is written down.
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks import bookings, calendars, crowds, floor, slots, tenants
from benchmarks.figures import KEPT, PAGE, Figure, keep, kept, table, write_page
from benchmarks.provider import slow_provider
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
    """Measure the wanted sections and list what misses its aim; exit status 0 (bin/load is what fails)."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section (and the floor)")
    parser.add_argument("--quick", action="store_true", help="a few minutes; the figures are rougher")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md alone")
    parser.add_argument(
        "--data", type=Path, help="an installation that runs (HOLDFAST_PUBLIC_RATE=off); it is loaded"
    )
    asked = parser.parse_args()
    wanted = [name for name in SECTIONS if name == "floor" or not asked.only or name in asked.only]
    missed: list[str] = []
    with (
        slow_provider() as provider,
        installation(
            asked.data, HOLDFAST_LOG_LEVEL="WARNING", HOLDFAST_HTTP_ALLOW=provider.address
        ) as loaded,
    ):
        if asked.data and "calendars" in wanted:
            parser.error("the section calendars brings a provider of its own: leave --data out")
        setting = Setting(loaded, Meter(loaded), asked.quick, provider)
        setting.say("the sandbox: 20 hosts, 200 bookings")
        loaded.sandbox("bench")
        bookings.drain(setting)
        setting.meter.learn_idle(1.5 if asked.quick else 3)
        floors: dict[str, float] = {}
        for name in wanted:
            print(f"== {name}", flush=True)
            started = time.monotonic()
            if name == "floor":
                found, floors = floor.measure(setting)
            else:
                found = MEASURES[name](setting, floors)
            keep(name, found, quick=asked.quick)
            missed += _show(found, time.monotonic() - started)
    if not asked.no_page:
        write_page(SECTIONS)
        print(f"written: {PAGE}; kept: {KEPT}")
    else:
        print(table([name for name in SECTIONS if name in kept()]))
    print(f"open: {len(missed)}", *missed, sep="\n  ")
    return 0


def _show(found: list[Figure], seconds: float) -> list[str]:
    """Print a section's figures; return those that miss their aim."""
    for figure in found:
        mark = {True: "ok  ", False: "OPEN", None: "    "}[figure.met]
        print(
            f"   {mark} {figure.name}: {figure.value} {figure.aim and f'({figure.aim})'} {figure.floor}",
            flush=True,
        )
    print(f"   {seconds:.0f} s", flush=True)
    return [f"{figure.name}: {figure.value}, not {figure.aim}" for figure in found if figure.met is False]


if __name__ == "__main__":
    sys.exit(main())
