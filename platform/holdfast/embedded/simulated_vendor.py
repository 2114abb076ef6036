"""`--simulate`: stand-ins for vendors beside the demo, from the source tree's tests; they keep nothing."""

import os
import signal
import sys
from pathlib import Path

from holdfast.embedded.ports import is_listening, kept_port
from holdfast.embedded.refusal import StartRefused
from holdfast.processes.child import Child, Rank, spawner

SIMULATED = ("google", "microsoft", "zoom", "twilio", "chats")
CLIENT_ID = "simulated"
CLIENT_SECRET = "simulated-secret"  # noqa: S105  opens nothing but the simulator
_ROOT = Path(__file__).resolve().parents[3]


class SimulatedVendor:
    """A process on a loopback port that stays the same, for browsers and connected accounts keep its address."""

    def __init__(self, data_dir: Path, vendor: str) -> None:
        self.data_dir, self.vendor = data_dir, vendor
        self.port = kept_port(data_dir, vendor)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def child(self) -> Child:
        """Return the process to keep alive; raises `StartRefused` where only the product is installed."""
        if not (_ROOT / "tests" / "simulators" / self.vendor).is_dir():
            raise StartRefused("--simulate needs the source tree: its simulators are in tests/.")
        log = self.data_dir / "logs" / f"{self.vendor}.log"
        return Child(
            name=self.vendor,
            spawn=spawner(
                [sys.executable, "-P", "-m", f"tests.simulators.{self.vendor}", "--port", str(self.port)],
                environment={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
                log=log,
            ),
            is_ready=lambda: is_listening(self.port),
            rank=Rank.SERVICE,
            log=log,
            stop_signals=((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)),
        )
