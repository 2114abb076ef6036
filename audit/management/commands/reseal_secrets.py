"""`reseal_secrets`: seal every tenant's secrets again, after a new key-encryption key was set; goes on after a kill."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.resealing import Resealed, is_resealed, reseal, reseal_late
from audit.ledger.tenants import schemas_named
from kernel import crypto
from kernel.tenancy import entered


class Command(BaseCommand):
    help = (
        "Seal every tenant's secrets again under the key-encryption key in HOLDFAST_KEK; the one before is in "
        "HOLDFAST_KEK_OLD. One line a tenant. Exit status 1: one could not be done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="one tenant only: its short name, or its schema")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = schemas_named(options["tenant"])
        if not tenants:
            raise CommandError(f"There is no tenant {options['tenant'] or 'yet'}.")
        done: list[tuple[str, str, Resealed]] = []
        failed = 0
        for schema, name in tenants:
            with entered(schema):
                try:
                    if is_resealed():
                        self.stdout.write(f"before       {name}")
                        continue
                    done.append((schema, name, reseal()))
                except (crypto.CannotOpen, crypto.KeyMissing) as error:
                    failed += 1
                    self.stdout.write(f"NOT RESEALED {name}: {error.message}")
                    continue
            self.stdout.write(f"resealed     {name}: {_counted(done[-1][2])}")
        self._late(done)
        if failed:
            raise CommandError(
                f"{failed} of {len(tenants)} tenants could not be done: keep HOLDFAST_KEK_OLD."
            )
        self.stdout.write(f"{len(done)} resealed now, {len(tenants) - len(done)} before.")
        if not options["tenant"]:
            self.stdout.write("HOLDFAST_KEK opens everything: HOLDFAST_KEK_OLD is not needed any more.")

    def _late(self, done: list[tuple[str, str, Resealed]]) -> None:
        """Look once more at each tenant, for what was being written while it was done."""
        for schema, name, resealed in done:
            with entered(schema):
                late = reseal_late(resealed)
            if late:
                self.stdout.write(f"resealed     {name}: {late} written meanwhile")


def _counted(resealed: Resealed) -> str:
    found = [f"{count} {name}" for name, count in sorted(resealed.counts.items()) if count]
    return ", ".join(found)
