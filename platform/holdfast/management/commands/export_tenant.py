"""Write everything that is a tenant's into one file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.api import Actor
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from tenants.api import Tenant, export_tenant

OPERATOR = Actor("automation", "operator")


class Command(BaseCommand):
    """`manage.py export_tenant --tenant acme --to acme.zip`: never over a file that is there."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="its short name")
        parser.add_argument("--to", required=True, type=Path, help="a new file")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["to"]
        with entered(PUBLIC):
            tenant = Tenant.objects.filter(slug=options["tenant"], ready_at__isnull=False).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']}.")
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                done = export_tenant(tenant, target=target, file=file.name, actor=OPERATOR, now=now())
            os.link(partial, file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
        self.stdout.write(
            f"{file}: {done.rows} rows of {done.tables} tables, {done.entries} entries of the ledger, "
            f"which begins with key {done.first_key}"
        )
