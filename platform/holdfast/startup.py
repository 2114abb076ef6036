"""What every process checks before it serves: secrets are set, mail has a way out, and every ledger's keys
can be opened."""

import os
import sys
import time
from collections.abc import Callable

import django
from django.conf import settings
from django.db import OperationalError, connection
from psycopg.errors import ConnectionTimeout

from kernel.errors import HoldfastError, Misconfigured

_TRIES = 12
_PAUSE_SECONDS = 5.0
_RECOVERS = "the database system is"  # … starting up, in recovery mode


def start(name: str) -> None:
    """Load Django for a process called `name`; a fault of configuration is one clear line and exit 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.settings")
    try:
        django.setup()
        check()
    except HoldfastError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        raise SystemExit(1) from None


def check() -> None:
    """Raise `Misconfigured` or `KeysUnusable` when this process must not serve."""
    from audit.api import check_keys  # importable once Django is loaded
    from providers.api import platform_server

    if settings.SECRET_KEY.startswith("not-a-secret"):
        raise Misconfigured("HOLDFAST_SECRET_KEY is not set. Start with bin/run, or set it (or …_FILE).")
    platform_server()
    _patiently(check_keys)
    connection.close()  # a session that has seen every tenant: what serves needs another


def _patiently(look: Callable[[], None]) -> None:
    """Look, up to a dozen times (a minute) where a database that is there takes no connection yet."""
    for tries_left in reversed(range(_TRIES)):
        try:
            look()
            break
        except OperationalError as error:
            is_late = isinstance(error.__cause__, ConnectionTimeout)
            if not (tries_left and (is_late or _RECOVERS in str(error))):
                raise
            if not is_late:  # else five seconds went by
                time.sleep(_PAUSE_SECONDS)
