"""The four processes of Holdfast itself: web, worker, relay, clock."""

import http.client
import os
import signal
import sys

from holdfast.installation import Installation
from holdfast.processes.child import Child, spawner

_WEB_GRACE_SECONDS = 8  # an open `Prefer: wait` may end; below the ten seconds in which a killed run is gone


def application_children(installation: Installation) -> list[Child]:
    """Return the children in the order of their start; web comes last, so that all is there for it."""
    return [_module(installation, name) for name in ("worker", "relay", "clock")] + [_web(installation)]


def answers(installation: Installation) -> bool:
    """Return True if the web process says 200 to GET /healthz."""
    asked = http.client.HTTPConnection(installation.self_host, installation.port, timeout=5)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def _module(installation: Installation, name: str) -> Child:
    log = installation.data / "logs" / f"{name}.log"
    command = [sys.executable, "-P", "-m", f"holdfast.{name}"]
    is_owner = name == "clock"  # docs/decisions/the-clock-performs-the-owners-jobs.md
    environment = installation.owner_environment() if is_owner else installation.application_environment()
    return Child(
        name=name,
        spawn=spawner(command, environment=environment, log=log),
        log=log,
    )


def _web(installation: Installation) -> Child:
    """gunicorn; SIGQUIT stops its master and workers at once, which SIGKILL to the master alone would not."""
    log = installation.data / "logs" / "web.log"
    host = f"[{installation.host}]" if ":" in installation.host else installation.host
    command = [sys.executable, "-P", "-m", "gunicorn", "holdfast.wsgi:application"]
    command += [
        "--worker-class",
        "holdfast.fair_worker.FairWorker",
        "--workers",
        os.environ.get("HOLDFAST_WEB_WORKERS", "2"),
    ]
    command += ["--threads", os.environ.get("HOLDFAST_WEB_THREADS", "8")]
    command += ["--bind", f"{host}:{installation.port}", "--graceful-timeout", str(_WEB_GRACE_SECONDS)]
    command += ["--timeout", "60", "--no-control-socket", "--error-logfile", "-", "--log-level", "warning"]
    return Child(
        name="web",
        spawn=spawner(
            command,
            environment=installation.application_environment(),
            log=log,
            death_signal=signal.SIGQUIT,
        ),
        is_ready=lambda: answers(installation),
        log=log,
        stop_signals=((signal.SIGTERM, 12.0), (signal.SIGKILL, 5.0)),
    )
