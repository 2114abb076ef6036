"""A real Xandikos on loopback: a CalDAV server that keeps calendars in Git. It asks for no password over plain HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulators.dav_server import DavServer, free_port, wait_for


@dataclass(frozen=True)
class Xandikos(DavServer):
    """The running server with its one user."""

    @property
    def home(self) -> str:
        return f"{self.username}/calendars"


@contextmanager
def xandikos(folder: Path, *, username: str = "ana", password: str = "correct horse") -> Iterator[Xandikos]:
    """Run a Xandikos for the block, its data below `folder`."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "xandikos", "serve", "--no-detect-systemd", "--autocreate"),
        *("--directory", str(folder / "data"), "--state-dir", str(folder / "state")),
        *("--current-user-principal", f"/{username}/", "--listen-address", "127.0.0.1", "--port", str(port)),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(port, process, folder / "log")
            yield Xandikos(port=port, username=username, password=password)
        finally:
            process.terminate()
            process.wait(10)
