"""Bring the public schema and every tenant's up to date, as the owner role, several at once, one line each."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from holdfast.migrating import LIMITS, migrate_all
from kernel.errors import Misconfigured
from kernel.postgres.role import speak_as
from tenants.api import MigrationUnderWay


class Command(BaseCommand):
    """`manage.py migrate_all`: needs OWNER_DATABASE_URL; DATABASE_URL names the role that gets the grants."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1, help="how many at once")
        parser.add_argument("--again", action="store_true", help="also those that are up to date")

    def handle(self, *args: object, **options: Any) -> None:
        if not settings.OWNER_DATABASE_URL:
            raise Misconfigured("OWNER_DATABASE_URL is not set. Migrations need the owner's role.")
        speak_as(settings.OWNER_DATABASE_URL, limits=LIMITS)
        try:
            broken = migrate_all(
                say=self.stdout.write, processes=max(1, options["parallel"]), again=options["again"]
            )
        except MigrationUnderWay as error:
            raise CommandError(error.message) from error
        if broken:
            named = "".join(f"\n  {name} ({schema}): {fault}" for name, schema, fault in broken)
            raise CommandError(f"Not migrated; mend the cause and run it again:{named}")
