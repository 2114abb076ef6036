"""`verify_ledger`: prove every tenant's ledger; exit 0 in order, 1 tampered with, 2 could not check."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.ledger.tenants import schemas_named
from audit.verification.report import Outcome, verify_ledger, worst
from kernel.clock import now

_WORDS = {Outcome.OK: "ok", Outcome.TAMPERED: "TAMPERED", Outcome.UNCHECKED: "NOT CHECKED"}


class Command(BaseCommand):
    help = (
        "Verify the signed ledger of every tenant: one line each. "
        "Exit status 0: in order; 1: tampered with; 2: could not be checked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="one tenant only: its short name, or its schema")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = schemas_named(options["tenant"])
        if not tenants:
            raise CommandError(f"There is no tenant {options['tenant'] or 'yet'}.", returncode=2)
        reports = []
        for schema, name in tenants:
            report = verify_ledger(schema, now=now())
            reports.append(report)
            self.stdout.write(f"{_WORDS[report.outcome]:<12} {name}: {report.words}")
        if (outcome := worst(reports)) is not Outcome.OK:
            sys.exit(int(outcome))
