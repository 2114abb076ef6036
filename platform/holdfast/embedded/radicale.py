"""The demo's CalDAV server: a real Radicale with one user, `ana`, who has one calendar."""

import os
import signal
import sys
from pathlib import Path

from holdfast.embedded.data_folder import secret_file
from holdfast.embedded.ports import is_listening, kept_port
from holdfast.processes.child import Child, Rank, spawner

USER = "ana"
_CONFIGURATION = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
predefined_collections = {{"calendar": {{"D:displayname": "Ana's calendar", "tag": "VCALENDAR"}}}}
[web]
type = none
[logging]
level = warning
"""


class EmbeddedRadicale:
    """A Radicale on a loopback port that stays the same, for connected calendars keep its address."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "radicale"
        self.port = kept_port(data_dir, "radicale")
        self.password_file = secret_file(data_dir, "calendar-ana")

    @property
    def url(self) -> str:
        """Where Ana's calendars are."""
        return f"http://127.0.0.1:{self.port}/{USER}/"

    def child(self) -> Child:
        """Write configuration and user, and return the process to keep alive."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / "config").write_text(_CONFIGURATION.format(port=self.port, folder=self.folder))
        users = self.folder / "users"
        with open(os.open(users, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{USER}:{self.password_file.read_text()}\n")
        log = self.data_dir / "logs" / "calendar.log"
        return Child(
            name="calendar",
            spawn=spawner(
                [sys.executable, "-P", "-m", "radicale", "--config", self.folder / "config"],
                environment={"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
                log=log,
            ),
            is_ready=lambda: is_listening(self.port),
            rank=Rank.SERVICE,
            log=log,
            stop_signals=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)),
        )
