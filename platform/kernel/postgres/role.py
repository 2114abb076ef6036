"""Which database role a process speaks as: its settings from a URL, and the switch to the owner's."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import connection

from kernel.errors import Misconfigured
from kernel.postgres.pooling import is_pooled

CONNECT_SECONDS = 5
_LIMITS = "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=15000 -c statement_timeout=20000"
_PLANS = "-c plan_cache_mode=force_generic_plan -c jit=off"
"""Our SQL functions are many and short: a plan for these very values costs more than it saves, 0.4 ms a booking."""


def database_settings(url: str, *, limits: str = _LIMITS) -> dict[str, Any]:
    """Return Django's settings for a postgresql:// address.

    `?host=/folder` names a socket folder. `?pool_mode=transaction` says that a pooler such as PgBouncer stands
    between: the limits then travel with each statement, since a pooler takes no options at the start.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise Misconfigured("A database address looks like postgresql://user:password@host:5432/name.")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    is_behind_a_pooler = is_pooled(url)
    return {
        "ENGINE": "kernel.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 3600,  # what it keeps in memory is bounded by HOLDFAST_PROCESS_TENANTS
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "LIMITS_PER_STATEMENT": _as_statements(limits) if is_behind_a_pooler else "",
        "OPTIONS": {"connect_timeout": CONNECT_SECONDS}
        | ({} if is_behind_a_pooler else {"options": f"{limits} {_PLANS}"}),
    }


def _as_statements(limits: str) -> str:
    """Return "-c name=value …" as SET LOCAL statements."""
    pairs = (each.partition("=") for each in limits.replace("-c ", "").split())
    return "".join(f"SET LOCAL {name} = {value}; " for name, _, value in pairs)


def speak_as(url: str, *, limits: str = _LIMITS, only_here: bool = False) -> None:
    """Make this process's connections use another address (the owner's for migrations), from now on.

    `only_here`: this thread's alone. The others, and those to come, keep the address that they had.
    """
    connection.close()
    wanted = database_settings(url, limits=limits)
    if only_here:
        connection.settings_dict = {**connection.settings_dict, **wanted}
    else:
        connection.settings_dict.update(wanted)
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend
