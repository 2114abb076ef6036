"""One embedded PostgreSQL for the test run, and a fresh database for each test that asks: a clone of a template
with the demo's three tenants, or one that was used and is as it was again. Tests commit for real."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from audit.api import write_checkpoints
from holdfast.demo import seed_demo
from holdfast.embedded.postgres import EmbeddedPostgres
from kernel.postgres.role import speak_as
from kernel.tenancy import PUBLIC, entered
from tenants.api import Tenant, migrate_public
from tests.patience import PATIENCE
from tests.renewal import Original, State, renew

TEMPLATE = "holdfast_template"
DATA = Path(settings.HOLDFAST_DATA)
PASSWORD = "correct horse battery"
FOUNDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)
_originals: dict[Path, Original] = {}  # by the server's folder
_clean: dict[Path, list[tuple[str, State]]] = {}  # used databases that are as the template is


@dataclass(frozen=True)
class World:
    """A database with tenants acme, northwind and staff; Django speaks to it as the application's role."""

    server: EmbeddedPostgres
    name: str
    acme: str
    northwind: str
    staff: str
    before: State | None = None  # what it was when it was given; None: not to be used again

    def enter(self, slug: str) -> Any:
        """Enter a tenant by its short name: acme, northwind, staff."""
        return entered(getattr(self, slug))

    def app_url(self) -> str:
        """The application's address of this database."""
        return self.server.app_url(self.name)

    def owner_url(self) -> str:
        """The owner's address of this database."""
        return self.server.owner_url(self.name)

    def superuser_url(self) -> str:
        """The superuser's address of this database."""
        return _superuser_url(self.server, self.name)

    def app(self, slug: str | None = None) -> psycopg.Connection[Any]:
        """A raw connection as the application's role, inside a tenant's schema."""
        return self._raw(self.app_url(), slug)

    def owner(self, slug: str | None = None) -> psycopg.Connection[Any]:
        """A raw connection as the owner."""
        return self._raw(self.owner_url(), slug)

    def superuser(self, slug: str | None = None) -> psycopg.Connection[Any]:
        """A raw connection as superuser."""
        return self._raw(self.superuser_url(), slug)

    def _raw(self, url: str, slug: str | None) -> psycopg.Connection[Any]:
        path = f"-c search_path={getattr(self, slug)},public" if slug else ""
        return psycopg.connect(url, options=path, autocommit=True)

    def deadlocks(self) -> int:
        """How many deadlocks PostgreSQL has broken in this database, by its log: there each stands before its victim
        hears of it, whoever catches the error. The counter of pg_stat_database comes up to ten seconds late."""
        words = rf"@{self.name} LOG:  process \d+ detected deadlock while waiting for"
        return len(re.findall(words, self.server.log.read_text(errors="replace")))

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """Let Django speak as the owner inside the block (migrations, onboarding)."""
        speak_as(self.owner_url())
        try:
            yield
        finally:
            speak_as(self.app_url())


def make_template(server: EmbeddedPostgres) -> None:
    """Make the template database: migrated, with the demo's tenants and their people."""
    _admin(server, f"CREATE DATABASE {TEMPLATE} OWNER holdfast_owner")
    settings.HOLDFAST_APPLICATION_ROLE = "holdfast_app"
    speak_as(server.owner_url(TEMPLATE), limits="")
    migrate_public()
    seed_demo(now=FOUNDED_AT, password=PASSWORD)
    settings.HOLDFAST_CHECKPOINTS = _checkpoints(TEMPLATE)
    write_checkpoints(datetime.now(UTC))  # as an installation has them: a late test finds none overdue
    connection.close()
    with psycopg.connect(_superuser_url(server, TEMPLATE), autocommit=True) as template:
        _originals[server.data_dir] = Original.of(template)
    _clean[server.data_dir] = []


def clone(server: EmbeddedPostgres) -> World:
    """Return a database as the template is, with Django's connection pointing at it."""
    if _clean[server.data_dir]:
        name, before = _clean[server.data_dir].pop()
    else:
        name = _copy(server, TEMPLATE)
        with psycopg.connect(_superuser_url(server, name), autocommit=True) as database:
            before = State.of(database)
    speak_as(server.app_url(name))
    if Path(settings.HOLDFAST_DATA) == DATA:  # else the test brings its own
        shutil.copytree(_checkpoints(TEMPLATE), _checkpoints(name))
        settings.HOLDFAST_CHECKPOINTS = _checkpoints(name)  # worlds share the names of their schemas
    with entered(PUBLIC):
        schemas = dict(Tenant.objects.values_list("slug", "schema_name"))
    return World(server, name, schemas["acme"], schemas["northwind"], schemas["staff"], before)


def copy_of(world: World) -> World:
    """Return a copy of a world as it stands, to which Django speaks from now on; nobody else may be in it."""
    connection.close()
    name = _copy(world.server, world.name)
    speak_as(world.server.app_url(name))
    return replace(world, name=name, before=None)


def drop(world: World) -> None:
    """End with a world, whoever is still connected: its database is made as it was for the next, or dropped."""
    connection.close()
    name = f"holdfast_{next(_numbers)}"  # whoever is late finds none of the old name
    if world.before is None or not _renamed(world, name):
        _admin(world.server, f"DROP DATABASE {world.name} WITH (FORCE)")
        return
    with psycopg.connect(_superuser_url(world.server, name), autocommit=True) as database:
        state = renew(database, _originals[world.server.data_dir], world.before)
    if state is None:
        _admin(world.server, f"DROP DATABASE {name} WITH (FORCE)")
    else:
        _clean[world.server.data_dir].append((name, state))


def _renamed(world: World, name: str) -> bool:
    """Send everybody out of a database, wait until they are gone, their counters written, and give it another name."""
    inside = f"FROM pg_stat_activity WHERE datname = '{world.name}'"
    give_up_at = time.monotonic() + PATIENCE
    with psycopg.connect(world.server.superuser_url, autocommit=True) as admin:
        while admin.execute(f"SELECT pg_terminate_backend(pid) {inside}").fetchall():  # type: ignore[arg-type]
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.005)
        try:
            admin.execute(f"ALTER DATABASE {world.name} RENAME TO {name}")  # type: ignore[arg-type]
        except psycopg.errors.ObjectInUse:  # somebody came back
            return False
    return True


def _copy(server: EmbeddedPostgres, source: str) -> str:
    name = f"holdfast_{next(_numbers)}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {source} OWNER holdfast_owner STRATEGY FILE_COPY")
    return name


def _superuser_url(server: EmbeddedPostgres, name: str) -> str:
    return server.superuser_url.rsplit("/", 1)[0] + f"/{name}"


def _checkpoints(database: str) -> Path:
    return DATA / "checkpoints-of" / database


def _admin(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as admin:
        admin.execute(statement)  # type: ignore[arg-type]
