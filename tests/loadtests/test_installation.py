"""The installation that is loaded: ours whatever the shell exports for another, and none that counts its visitors."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from lab import installation as laboratory_installation  # noqa: E402  beside the product, not in it
from lab.installation import Loaded, installation  # noqa: E402

sys.path.remove(LOADTESTS)


def opened(data: Path, **environment: str) -> None:
    """Open the installation whose web process has this environment."""
    kept = {name: value for name, value in os.environ.items() if name != "HOLDFAST_PUBLIC_RATE"}
    waiting = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(
        waiting, env={**kept, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as web:
        assert web.stdout is not None
        web.stdout.readline()
        (data / "run.json").write_text(json.dumps({"children": {"web": web.pid}}))
        try:
            with installation(data) as loaded:
                assert loaded.data == data
        finally:
            web.communicate("\n")


def test_limits_that_are_on_are_refused_in_words(tmp_path: Path) -> None:
    words = "has its public rate limits on.*start it with HOLDFAST_PUBLIC_RATE=off bin/run"
    with pytest.raises(SystemExit, match=words):
        opened(tmp_path)
    with pytest.raises(SystemExit, match=words):
        opened(tmp_path, HOLDFAST_PUBLIC_RATE="on")


def test_limits_that_are_off_are_let_through(tmp_path: Path) -> None:
    opened(tmp_path, HOLDFAST_PUBLIC_RATE="off")


@pytest.mark.parametrize("children", [{}, {"web": 2**30}])
def test_a_web_process_that_cannot_be_looked_at_is_believed(tmp_path: Path, children: dict[str, int]) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"children": children}))
    with installation(tmp_path) as loaded:
        assert loaded.facts["children"] == children


# What an operator's shell exports for the real installation, beside what says how large ours shall be.
EXPORTED = {
    "DATABASE_URL": "postgresql://real/real",
    "OWNER_DATABASE_URL": "postgresql://owner@real/real",
    "DATABASE_URL_FILE": "/run/secrets/database",
    "BROKER_URL": "redis://real",
    "HOLDFAST_SMTP_URL": "smtp://real",
    "HOLDFAST_KEK": "real",
    "HOLDFAST_MAIL_SERVICE": "mailgun",
    "DJANGO_SETTINGS_MODULE": "real.settings",
    "HOLDFAST_WEB_WORKERS": "3",
    "HOLDFAST_LOG_LEVEL": "DEBUG",
    "LANG": "C",
}
SAYS = """#!/bin/sh
env >"{into}/$(basename "$0")"
echo ready here
[ "$(basename "$0")" = holdfast ] || exec sleep 100
"""


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """Stand-ins for bin/run and bin/holdfast below a shell that exports another installation; what each was given."""
    (tmp_path / "bin").mkdir()
    for name in ("run", "holdfast"):
        command = tmp_path / "bin" / name
        command.write_text(SAYS.format(into=tmp_path))
        command.chmod(0o755)
    monkeypatch.setattr(laboratory_installation, "ROOT", tmp_path)
    for name, value in EXPORTED.items():
        monkeypatch.setenv(name, value)

    def given(command: str) -> dict[str, str]:
        lines = (tmp_path / command).read_text().splitlines()
        said = dict(line.split("=", 1) for line in lines if "=" in line)
        names = {*EXPORTED, *(name for name in said if name.startswith(("HOLDFAST_", "DJANGO_")))}
        return {name: said[name] for name in sorted(names) if name in said}

    return given


def test_an_installation_of_its_own_has_no_server_and_no_key_of_another(
    commands: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for own in ("FRESH", "HOLD"):  # those of the tests
        monkeypatch.delenv(f"HOLDFAST_CALENDAR_{own}_SECONDS", raising=False)
    with installation(None, HOLDFAST_LOG_LEVEL="WARNING"):
        pass
    assert commands("run") == {
        "HOLDFAST_LOG_LEVEL": "WARNING",
        "HOLDFAST_PUBLIC_RATE": "off",
        "HOLDFAST_WEB_WORKERS": "3",
        "LANG": "C",
    }


EMBEDDED = "postgresql://superuser@here/holdfast"
SERVERS = {"database_url": "postgresql://a/b", "owner_database_url": "", "broker_url": "redis://c"}


@pytest.mark.parametrize(
    ("superuser", "servers"),
    [(EMBEDDED, {}), ("", {"BROKER_URL": "redis://c", "DATABASE_URL": "postgresql://a/b"})],
)
def test_a_command_goes_to_the_installation_that_was_named_with_that_ones_keys(
    tmp_path: Path, commands: Callable[[str], dict[str, str]], superuser: str, servers: dict[str, str]
) -> None:
    theirs = {"HOLDFAST_KEK_FILE": "/data/keys/key-encryption-key", "HOLDFAST_PUBLIC_RATE": "off"}
    waiting = [sys.executable, "-c", "print(flush=True); input()"]
    given = {**theirs, "DATABASE_URL": "postgresql://a/b"}
    with subprocess.Popen(
        waiting, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as web:
        assert web.stdout is not None
        web.stdout.readline()
        facts = {**SERVERS, "superuser_database_url": superuser, "children": {"web": web.pid}}
        (tmp_path / "run.json").write_text(json.dumps(facts))
        Loaded(tmp_path).sandbox("bench")
        applications = Loaded(tmp_path).application_environment()
        web.communicate("\n")
    assert commands("holdfast") == {**theirs, **servers, "LANG": "C"}
    assert applications == given


def test_where_the_web_process_cannot_be_looked_at_the_shells_keys_are_used_and_not_its_servers(
    tmp_path: Path, commands: Callable[[str], dict[str, str]]
) -> None:
    (tmp_path / "run.json").write_text(json.dumps({**SERVERS, "superuser_database_url": EMBEDDED}))
    Loaded(tmp_path).sandbox("bench")
    shells = {name: value for name, value in os.environ.items() if name.startswith("HOLDFAST_")}
    del shells["HOLDFAST_SMTP_URL"]
    assert commands("holdfast") == {**shells, "LANG": "C"}
