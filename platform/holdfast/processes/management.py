"""Run one of Django's management commands in a process of its own, with the role that it needs."""

import signal
import subprocess
import sys
from collections.abc import Mapping

from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation
from holdfast.processes.leash import leash


def run_management(
    installation: Installation, *arguments: str, as_owner: bool, changes: Mapping[str, str] | None = None
) -> int:
    """Run `django <arguments>` with its output on ours and return its exit status.

    Only `as_owner` hands it the owner's address; `changes` replace variables of its environment.
    """
    environment = installation.owner_environment() if as_owner else installation.application_environment()
    environment |= changes or {}
    command = [sys.executable, "-P", "-m", "django", *arguments]
    done = subprocess.run(command, env=environment, check=False, preexec_fn=leash(signal.SIGTERM))
    return done.returncode


def manage(installation: Installation, *arguments: str, as_owner: bool) -> None:
    """Run the command; raises `StartRefused` when it fails (what it said stands above)."""
    status = run_management(installation, *arguments, as_owner=as_owner)
    if status != 0:
        raise StartRefused(f"`{arguments[0]}` failed with exit status {status}; its reason stands above.")
