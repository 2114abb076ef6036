"""Debian's own PostgreSQL and RabbitMQ, each as a throw-away server in a temporary folder on a free port."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from holdfast.embedded.ports import free_port, is_listening
from holdfast.embedded.postgres_setup import RolePassword, prepare_database, prepare_roles
from holdfast.embedded.postgres_user import choose_user
from holdfast.processes.leash import leash
from tests.holdfast.eventually import eventually
from tests.patience import PATIENCE


@dataclass(frozen=True)
class Addresses:
    """A PostgreSQL server with the two roles and an empty database, as an operator would prepare it."""

    version: int
    app_url: str
    owner_url: str


@contextmanager
def debian_postgres(folder: Path) -> Iterator[Addresses]:
    """Run the newest /usr/lib/postgresql/*/bin/postgres in `folder`; superuser by password like everybody."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    version, port, password = int(binaries.parent.name), free_port(), secrets.token_urlsafe(16)
    folder.mkdir()
    user = choose_user(folder / "cluster")
    user.give(folder)
    (folder / "password").write_text(password)
    user.give(folder / "password")
    initdb = [
        binaries / "initdb",
        "-D",
        folder / "cluster",
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "--no-sync",
    ]
    subprocess.run(
        [*initdb, "--pwfile", folder / "password", "-E", "UTF8", "--locale", "C.UTF-8"],
        check=True, capture_output=True, cwd="/", **user.popen_arguments(),  # type: ignore[call-overload]
    )  # fmt: skip
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", folder / "cluster", *(part for each in settings for part in ("-c", each))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", preexec_fn=leash(signal.SIGQUIT),
        **user.popen_arguments(),  # type: ignore[call-overload]
    )  # fmt: skip
    url = f"postgresql://{{}}:{password}@127.0.0.1:{port}/{{}}"
    try:
        assert eventually(lambda: _answers(url.format("postgres", "postgres")), seconds=60)
        with psycopg.connect(url.format("postgres", "postgres"), autocommit=True) as superuser:
            prepare_roles(
                superuser, RolePassword("holdfast_owner", password), RolePassword("holdfast_app", password)
            )
            prepare_database(superuser, "holdfast")
        yield Addresses(
            version, url.format("holdfast_app", "holdfast"), url.format("holdfast_owner", "holdfast")
        )
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30 * PATIENCE)
        shutil.rmtree(folder)


@contextmanager
def debian_rabbitmq(folder: Path) -> Iterator[str]:
    """Run Debian's RabbitMQ with a port mapper of its own in `folder`; yields its amqp:// address."""
    folder.mkdir()
    port, mapper = free_port(), free_port()
    (folder / "plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.default = 127.0.0.1:{port}\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "RABBITMQ_NODENAME": f"holdfast{os.getpid()}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    names = subprocess.Popen(
        ["epmd", "-port", str(mapper), "-address", "127.0.0.1"],
        env=environment,
        preexec_fn=leash(signal.SIGKILL),
    )  # ours in the foreground: the one that RabbitMQ would start becomes a daemon and stays
    assert eventually(lambda: is_listening(mapper))
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(
            ["/usr/lib/rabbitmq/bin/rabbitmq-server"], env=environment, stdout=output, stderr=output, cwd="/",
            start_new_session=True, preexec_fn=leash(signal.SIGKILL),
        )  # fmt: skip
    try:
        started = eventually(lambda: _speaks_amqp(port) or server.poll() is not None, seconds=120)
        assert started, (folder / "output").read_text()
        assert server.poll() is None, (folder / "output").read_text()
        yield f"amqp://guest:guest@127.0.0.1:{port}/"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(30 * PATIENCE)
        names.kill()
        names.wait(10 * PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _speaks_amqp(port: int) -> bool:
    """Return True if a channel can be opened (AMQP 0-9-1)."""
    import pika
    from pika.exceptions import AMQPError

    try:
        connection = pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", port, connection_attempts=1, socket_timeout=2)
        )
        connection.channel()
        connection.close()
    except (AMQPError, OSError):
        return False
    return True
