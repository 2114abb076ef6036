"""`checkpoint_ledger`: write the checkpoints that the clock writes each minute, now."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from audit.ledger.checkpoints import write_checkpoints
from kernel.clock import now


class Command(BaseCommand):
    help = "Write a signed checkpoint of every ledger that grew. Exit status 1: one was refused."

    def handle(self, *args: Any, **options: Any) -> None:
        written = write_checkpoints(now())
        for one in written:
            self.stdout.write(f"{one.state:<10} {one.tenant}: {one.because or f'{one.size} entries'}")
        if any(one.state == "refused" for one in written):
            sys.exit(1)
