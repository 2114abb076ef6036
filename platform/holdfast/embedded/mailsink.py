"""The demo's mail server: takes every message and keeps it as a file; nothing ever leaves the machine."""

import signal
import sys
from pathlib import Path

from holdfast.embedded.ports import is_listening, kept_port
from holdfast.processes.child import Child, Rank, spawner


class MailSink:
    """An SMTP server on a loopback port; each accepted message is `<data>/mail/<when>-<n>.eml`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "mail"
        self.port = kept_port(data_dir, "mail")

    @property
    def url(self) -> str:
        """The HOLDFAST_SMTP_URL of this sink."""
        return f"smtp://127.0.0.1:{self.port}"

    def child(self) -> Child:
        """Return the process to keep alive."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        log = self.data_dir / "logs" / "mail.log"
        module = "holdfast.embedded.mailsink_process"
        return Child(
            name="mail",
            spawn=spawner(
                [sys.executable, "-P", "-m", module, str(self.port), self.folder],
                environment={"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
                log=log,
            ),
            is_ready=lambda: is_listening(self.port),
            rank=Rank.SERVICE,
            log=log,
            stop_signals=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)),
        )
