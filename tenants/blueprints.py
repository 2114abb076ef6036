"""A new tenant's schema in a third of a second: what migrating said to the database, said once more elsewhere.

A blueprint is the recorded SQL of one migration from nothing, good for one fingerprint: of every migration and SQL
file, and of the packages that shape tables. tests/tenants/test_blueprints.py compares what both ways make, catalogs
and rows. Runs as the owner role only.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from kernel.clock import now as wall_clock
from kernel.ids import new_schema_name
from tenants.schemas import Blueprint

_PATTERNS = ("migrations/*.py", "sql/**/*.sql")
_PACKAGES = ("django", "django-tenants", "django-allauth")
_LEFT_OUT = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE SAVEPOINT",
    "CREATE SCHEMA",
    "SET SEARCH_PATH",
    "SET LOCAL SEARCH_PATH",
)


@cache
def fingerprint() -> str:
    """Return a digest of all that shapes a tenant's schema; computed once in a process."""
    digest = hashlib.sha256(" ".join(f"{name}={version(name)}" for name in _PACKAGES).encode())
    for app in sorted(apps.get_app_configs(), key=lambda each: each.label):
        for pattern in _PATTERNS:
            for path in sorted(Path(app.path).glob(pattern)):
                digest.update(f"{app.label}/{path.relative_to(app.path)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def build_schema(
    schema: str, migrate: Callable[[str], None], grant: Callable[[Any, str], None] = lambda *_: None
) -> None:
    """Make a schema from the blueprint, in one transaction: it is there whole, or not at all; `grant` (cursor, schema)
    gives the application its privileges within it.

    Without a blueprint of today's fingerprint, `migrate` makes a schema to record one, which is dropped again.
    """
    script = draw_blueprint(migrate).script
    with psycopg.connect(**connection.get_connection_params()) as apart:  # its search path goes with it
        apart.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        apart.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(schema)))
        apart.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as each migration's own commit would
        apart.execute(script.encode())
        grant(apart.cursor(), schema)


def draw_blueprint(migrate: Callable[[str], None]) -> Blueprint:
    """Return the blueprint of today's fingerprint; it is recorded now if it is not there."""
    known = Blueprint.objects.filter(fingerprint=fingerprint()).first()
    if known is not None:
        return known
    schema = new_schema_name()
    try:
        with _recorded() as statements:
            migrate(schema)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    script = ";\n".join(statements)
    if schema in script:
        raise RuntimeError("A migration names the schema that it runs in; it must say current_schema().")
    with transaction.atomic():
        Blueprint.objects.exclude(fingerprint=fingerprint()).delete()
        made, _ = Blueprint.objects.get_or_create(
            fingerprint=fingerprint(), defaults={"script": script, "made_at": wall_clock()}
        )
    return made


@contextmanager
def _recorded() -> Iterator[list[str]]:
    """Collect what Django says to the database inside the block, its parameters put in, its questions left out."""
    said: list[str] = []

    def listen(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        done = execute(statement, params, many, context)
        words = (
            statement.as_string(connection.connection) if isinstance(statement, sql.Composable) else statement
        )
        for values in params if many else [params]:
            if not words.lstrip().upper().startswith(_LEFT_OUT):
                said.append(_filled(words, values).rstrip().rstrip(";"))
        return done

    with connection.execute_wrapper(listen):
        yield said


def _filled(statement: str, values: Any) -> str:
    if values is None:
        return statement
    return psycopg.ClientCursor(connection.connection).mogrify(statement, values)
