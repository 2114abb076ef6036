"""The command line's refusals: one clear line on stderr, exit status 1, nothing left running."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli.operator import _check_keys
from holdfast.cli.services import check_database
from holdfast.cli.up import _platform
from holdfast.embedded.data_folder import DataFolderLock, default_data_folder, make_data_folder, secret_file
from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation
from kernel.postgres.pooling import libpq_url
from tests.database import World
from tests.holdfast.conftest import ROOT
from tests.holdfast.eventually import processes_naming
from tests.patience import PATIENCE


def holdfast(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with no address of a server in its environment but the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    command = [sys.executable, "-P", "-m", "holdfast.cli", *map(str, arguments)]
    return subprocess.run(
        command,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120 * PATIENCE,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refusal."""
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    return done.stderr.strip()


def test_taken_port_is_one_line(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(holdfast("up", "--data", data, "--port", port))
    assert line == f"holdfast: Port {port} is taken: stop what listens there, or choose another with --port."
    assert processes_naming(str(data)) == []


def test_data_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    line = refusal(holdfast("up", "--data", file / "below", "--port", 0))
    reason = "cannot be written: Not a directory. Name another with --data."
    assert line == f"holdfast: The data folder {file}/below {reason}"


def test_second_run_on_one_data_folder_names_the_first(data: Path) -> None:
    make_data_folder(data)
    lock = DataFolderLock(data)
    lock.take()
    try:
        line = refusal(holdfast("up", "--data", data, "--port", 0))
    finally:
        lock.release()
    pid = os.getpid()
    assert line == f"holdfast: The data folder {data} is in use by process {pid}: stop it, or name another."


def test_dead_database_is_one_line(data: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"postgresql://holdfast_app@127.0.0.1:{closed.getsockname()[1]}/holdfast"
        line = refusal(holdfast("up", "--data", data, "--port", 0, DATABASE_URL=url))
    assert line.startswith("holdfast: The database that DATABASE_URL names does not answer: ")
    assert "Connection refused" in line


def test_operator_commands_name_a_folder_without_an_installation(data: Path) -> None:
    for command in ("migrate", "seed-demo", "sandbox", "verify", "drill", "psql"):
        line = refusal(holdfast(command, "--data", data))
        expected = f"There is no installation in {data}: run bin/run first, or name its folder with --data."
        assert line == f"holdfast: {expected}"
    assert not data.exists()


def test_founding_asks_for_an_installation_and_for_all_of_its_words(data: Path) -> None:
    said = ("--domain", "book.example.com", "--name", "Example", "--email", "sam@example.com")
    assert refusal(holdfast("found", *said, "--data", data)).startswith(
        "holdfast: There is no installation in "
    )
    half = holdfast("found", *said[:2], "--data", data)
    assert (half.returncode, half.stderr.splitlines()[-1]) == (
        2,
        "holdfast found: error: the following arguments are required: --name, --email",
    )
    assert not data.exists()


def test_help_lists_every_command() -> None:
    done = holdfast("--help")
    assert done.returncode == 0
    assert re.findall(r"^    (\S+)", done.stdout, re.MULTILINE) == [
        "up",
        "migrate",
        "found",
        "seed-demo",
        "sandbox",
        "verify",
        "reseal",
        "bounce",
        "export",
        "drill",
        "psql",
    ]


def test_export_never_writes_over_a_file_and_asks_for_an_installation(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.zip"
    kept.write_text("mine")
    there = refusal(holdfast("export", "--tenant", "acme", "--to", kept, "--data", data))
    assert (there, kept.read_text()) == (f"holdfast: {kept} is there already. Name another file.", "mine")
    new = holdfast("export", "--tenant", "acme", "--to", tmp_path / "new.zip", "--data", data)
    assert refusal(new).startswith("holdfast: There is no installation in ")
    assert not (tmp_path / "new.zip").exists()


def test_verify_of_a_file_needs_no_installation_and_says_what_it_cannot_read(
    data: Path, tmp_path: Path
) -> None:
    done = holdfast("verify", "--file", tmp_path / "nowhere.zip", "--data", data)
    assert (done.returncode, done.stdout.split("  ")[0], data.exists()) == (2, "NOT CHECKED", False)
    alone = refusal(holdfast("verify", "--file", tmp_path / "a.zip", "--checkpoints", tmp_path))
    assert alone.startswith("holdfast: --checkpoints and --checkpoint-key belong together")


def test_default_data_folder_follows_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_DATA", "/srv/holdfast")
    assert default_data_folder() == Path("/srv/holdfast")
    monkeypatch.delenv("HOLDFAST_DATA")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/holdfast")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/ana/.share")
    assert default_data_folder() == Path("/home/ana/.share/holdfast")


def test_secret_is_made_once_and_read_by_its_owner_only(data: Path) -> None:
    make_data_folder(data)
    first = secret_file(data, "a-key")
    text = first.read_text()
    assert len(text) == 32
    assert secret_file(data, "a-key", value="another").read_text() == text
    assert first.stat().st_mode & 0o777 == 0o600


def test_lock_goes_with_its_holder(data: Path) -> None:
    make_data_folder(data)
    first, second = DataFolderLock(data), DataFolderLock(data)
    first.take()
    with pytest.raises(StartRefused):
        second.take()
    first.release()
    second.take()
    second.release()


def test_an_address_with_a_pooler_between_is_understood_by_the_commands(data: Path, world: World) -> None:
    through = f"{world.app_url()}?pool_mode=transaction"
    check_database("DATABASE_URL", through)
    asked = holdfast("psql", "--data", data, "-Atc", "SELECT current_user", DATABASE_URL=through)
    assert (asked.returncode, asked.stdout) == (0, "holdfast_app\n"), asked.stderr
    assert _platform(installed(data, through)) == "localhost"


def test_a_greeting_that_the_database_does_not_give_keeps_nothing_from_running(data: Path) -> None:
    assert _platform(installed(data, "postgresql://nobody@127.0.0.1:1/none")) is None


def test_founding_makes_no_keys_that_nobody_else_has(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOLDFAST_KEK", "HOLDFAST_KEK_FILE", "HOLDFAST_SECRET_KEY", "HOLDFAST_SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    installation = installed(data, "")
    monkeypatch.setenv("HOLDFAST_SECRET_KEY", "as the others")
    with pytest.raises(
        StartRefused, match=r"^HOLDFAST_KEK is not set here, and .*/keys/key-encryption-key is not"
    ):
        _check_keys(installation)
    assert not (data / "keys" / "key-encryption-key").exists()
    make_data_folder(data)
    secret_file(data, "key-encryption-key")
    _check_keys(installation)


def installed(data: Path, database_url: str) -> Installation:
    """An installation with its own PostgreSQL, whose web process answers nowhere."""
    return Installation(data, "127.0.0.1", 8000, database_url, "", "", "", "")


def test_what_only_we_read_in_an_address_is_kept_from_libpq() -> None:
    address = "postgresql://app:p%2Fw@pooler:6432/holdfast"
    assert libpq_url(f"{address}?pool_mode=transaction") == address
    assert libpq_url(f"{address}?host=/run/p&pool_mode=transaction&sslmode=require") == (
        f"{address}?host=/run/p&sslmode=require"
    )
    assert libpq_url(address) == address
    nowhere = "postgresql:///holdfast?host=/run/postgresql"
    assert libpq_url(f"{nowhere}&pool_mode=transaction") == libpq_url(nowhere) == nowhere


def test_import_platform_stays_the_standard_librarys() -> None:
    for program in (
        "import platform; print(platform.system())",
        "import manage, platform; print(platform.system())",
    ):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stdout == "Linux\n", done.stderr
