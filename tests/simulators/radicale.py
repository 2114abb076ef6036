"""A real Radicale on loopback, its accounts in an htpasswd file, its calendars in a folder of the test's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.simulators.dav_server import DavServer, free_port, wait_for


@dataclass(frozen=True)
class Radicale(DavServer):
    """The running server; `folder` is its storage."""

    folder: Path

    def with_account(self, username: str) -> "Radicale":
        """Add an account, with the same password and no calendars; return the server as that account sees it."""
        with (self.folder.parent / "users").open("a") as users:
            users.write(f"{username}:{self.password}\n")
        return replace(self, username=username)

    def objects(self, calendar_url: str) -> dict[str, str]:
        """Return the calendar's objects as files in the storage folder: name -> text."""
        path = calendar_url.removeprefix(self.url).strip("/")
        folder = self.folder / "collection-root" / path
        return {each.name: each.read_bytes().decode() for each in folder.glob("*.ics")}


@contextmanager
def radicale(folder: Path, *, username: str = "ana", password: str = "correct horse") -> Iterator[Radicale]:
    """Run a Radicale for the block, its data below `folder`."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users").write_text(f"{username}:{password}\nmallory:other password\n")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder / 'users'}\n"
        "htpasswd_encryption = plain\ndelay = 0\n"
        f"[storage]\nfilesystem_folder = {folder / 'data'}\n"
        "[web]\ntype = none\n[logging]\nlevel = warning\n"
    )
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(port, process, folder / "log")
            yield Radicale(port=port, username=username, password=password, folder=folder / "data")
        finally:
            process.terminate()
            process.wait(10)
