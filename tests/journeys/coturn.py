"""Debian's coturn as a throw-away relay on loopback; all that a browser sends through it is counted by it."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from holdfast.embedded.ports import free_port, is_listening
from tests.running import eventually

SECRET = "north of the wall"


@dataclass
class Coturn:
    """One relay with REST credentials (`use-auth-secret`); it can be stopped and started again."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for HOLDFAST_TURN_URLS. TCP, so that one port says whether it listens."""
        return f"turn:127.0.0.1:{self.port}?transport=tcp"

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [
            "turnserver", "-n", "--log-file=stdout", "--simple-log", "--no-cli", "--no-tls", "--no-dtls",
            "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=holdfast.test", "--fingerprint",
            "--listening-ip=127.0.0.1", f"--listening-port={self.port}", "--relay-ip=127.0.0.1",
            "--allow-loopback-peers", "--relay-threads=1", f"--userdb={self.folder / 'turndb'}",
            f"--pidfile={self.folder / 'pid'}", "--verbose",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        assert eventually(lambda: is_listening(self.port)), self.log()

    def stop(self) -> None:
        """Kill it: whoever spoke through it is cut off."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def log(self) -> str:
        """Return what it said."""
        return (self.folder / "log").read_text(errors="replace")


def make_coturn() -> Coturn:
    """Return a relay on a free port, not started."""
    return Coturn(free_port(), Path(tempfile.mkdtemp(prefix="holdfast-coturn-")))


def forget(coturn: Coturn) -> None:
    """Stop it and take its folder away."""
    coturn.stop()
    shutil.rmtree(coturn.folder, ignore_errors=True)
