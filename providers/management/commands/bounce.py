"""`bounce`: take one mail on standard input, as a mail server's alias hands it over, and mark what came back."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError

from kernel.clock import now
from providers.mail.bounces import LARGEST_BYTES, take_bounce

TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again


class Command(BaseCommand):
    help = "Read one mail from standard input; a report of a failed delivery marks the mail that it is about."

    def handle(self, *args: Any, **options: Any) -> None:
        content = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        try:
            taken = take_bounce(content, now=now())
        except OperationalError as error:
            self.stderr.write(f"The database does not answer: {str(error).splitlines()[0]}")
            sys.exit(TRY_LATER)
        self.stdout.write("marked" if taken else "nothing of ours")
