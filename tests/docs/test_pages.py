"""Every ```sh block of README.md and docs/ runs against an installation; links and settings are complete."""

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.running import ROOT, Running, running

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "k8s" / "README.md"]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SETTING = re.compile(r'"(HOLDFAST_[A-Z_]+|DATABASE_URL|OWNER_DATABASE_URL|BROKER_URL)"')
NOT_FOR_OPERATORS = {
    "HOLDFAST_CRASH_AT",
    "HOLDFAST_CALDAV_DEMO_PASSWORD_FILE",
}  # for tests; a form of another
OWN_COMMAND = re.compile(
    r"^\| `(bin/[\w-]+|\.venv/bin/python -m tests[\w.]+)[^`]*` \|(.*--.*)\|[^|]*\|$", re.MULTILINE
)
OWN_COMMANDS = [
    pytest.param(command, re.findall(r"`(--[\w-]+)", said), id=command)
    for command, said in OWN_COMMAND.findall((ROOT / "docs" / "developer.md").read_text())
]
RUN_AS_MODULE = re.compile(r"python -m (tests(?:\.\w+)+)")
COMMANDS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text()), start=1)
    if "bin/run " not in block  # what starts all of it: tests/holdfast/test_whole_run.py runs it
]


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running() as started:
        yield started


@pytest.mark.documentation
@pytest.mark.parametrize("block", COMMANDS)
def test_the_commands_of_the_pages_run(demo: Running, block: str) -> None:
    """As written, but for the port, the data folder, the date, and how *.localhost is found."""
    workday = datetime.now(UTC).date() + timedelta(days=3)
    while workday.weekday() > 4:
        workday += timedelta(days=1)
    script = block.replace(":8000/", f":{demo.port}/").replace("2026-12-01", str(workday))
    script = script.replace("curl ", "curl --fail-with-body --silent --show-error ")
    kept = {
        name: value for name, value in os.environ.items() if not re.match("HOLDFAST_|DJANGO_|.*_URL$", name)
    }
    environment = {**kept, "HOLDFAST_DATA": str(demo.data)}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    assert ran.stdout.strip() != "", "a command of a page says something"


@pytest.mark.parametrize(("command", "options"), OWN_COMMANDS)
def test_a_command_of_its_own_starts_and_has_the_options_that_are_named(
    command: str, options: list[str]
) -> None:
    ran = subprocess.run(
        [*command.split(), "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    assert [option for option in options if not re.search(rf"{option}\b", ran.stdout)] == []


def test_seven_commands_of_their_own_have_options() -> None:
    assert len(OWN_COMMANDS) == 7


def test_whatever_is_said_to_run_as_a_module_does() -> None:
    """In pages and in docstrings; a module without a main part says nothing and ends well."""
    said = {
        name
        for path in (*PAGES, *(ROOT / "tests").rglob("*.py"))
        for name in RUN_AS_MODULE.findall(path.read_text())
    }
    assert {"tests.booking.core.every_zone", "tests.faults.provider_matrix"} <= said
    assert sorted(name for name in said if not _has_a_main_part(ROOT / name.replace(".", "/"))) == []


def _has_a_main_part(path: Path) -> bool:
    if path.is_dir():
        return (path / "__main__.py").exists()
    return '__name__ == "__main__"' in path.with_suffix(".py").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_setting_that_the_code_reads_is_on_the_operators_page() -> None:
    read = {
        name
        for folder in ("platform", "portal", "booking", "providers", "audit", "tenants")
        for path in (ROOT / folder).rglob("*.py")
        for name in SETTING.findall(path.read_text())
    }
    named = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "operator.md").read_text()))
    assert sorted(read - NOT_FOR_OPERATORS - named) == []
    assert sorted(name for name in named - read if name.startswith("HOLDFAST_")) == []
