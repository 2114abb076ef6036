"""One embedded PostgreSQL for the test run, and a fresh database for each test that asks: a clone of a
template with the demo's three tenants (0.1 s). Tests commit for real; nothing is truncated."""

import re
import shutil
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

TEMPLATE = "holdfast_template"
DATA = Path(settings.HOLDFAST_DATA)
PASSWORD = "correct horse battery"
FOUNDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class World:
    """A database with tenants acme, northwind and staff; Django speaks to it as the application's role."""

    server: EmbeddedPostgres
    name: str
    acme: str
    northwind: str
    staff: str

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
        return self.server.superuser_url.rsplit("/", 1)[0] + f"/{self.name}"

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


def clone(server: EmbeddedPostgres) -> World:
    """Return a fresh copy of the template, with Django's connection pointing at it."""
    name = f"holdfast_{next(_numbers)}"
    _admin(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER holdfast_owner STRATEGY FILE_COPY")
    speak_as(server.app_url(name))
    if Path(settings.HOLDFAST_DATA) == DATA:  # else the test brings its own
        shutil.copytree(_checkpoints(TEMPLATE), _checkpoints(name), dirs_exist_ok=True)
        settings.HOLDFAST_CHECKPOINTS = _checkpoints(name)  # worlds share the names of their schemas
    with entered(PUBLIC):
        schemas = dict(Tenant.objects.values_list("slug", "schema_name"))
    return World(server, name, schemas["acme"], schemas["northwind"], schemas["staff"])


def copy_of(world: World) -> World:
    """Return a copy of a world as it stands, to which Django speaks from now on; nobody else may be in it."""
    name = f"holdfast_{next(_numbers)}"
    connection.close()
    _admin(
        world.server, f"CREATE DATABASE {name} TEMPLATE {world.name} OWNER holdfast_owner STRATEGY FILE_COPY"
    )
    speak_as(world.server.app_url(name))
    return replace(world, name=name)


def drop(world: World) -> None:
    """Drop the copy, whoever is still connected."""
    connection.close()
    _admin(world.server, f"DROP DATABASE {world.name} WITH (FORCE)")


def _checkpoints(database: str) -> Path:
    return DATA / "checkpoints-of" / database


def _admin(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as admin:
        admin.execute(statement)  # type: ignore[arg-type]
