"""Make the platform's own tenant at a domain, and invite the first owner of its console."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from holdfast.founding import found
from kernel.clock import now
from kernel.errors import HoldfastError
from kernel.postgres.role import speak_as


class Command(BaseCommand):
    """`manage.py found_platform --domain book.example.com --name Example --email sam@example.com`: needs
    OWNER_DATABASE_URL; safe to repeat."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", required=True, help="its host name; businesses get theirs below it")
        parser.add_argument("--name", required=True, help="what the console and its mails are headed with")
        parser.add_argument("--email", required=True, help="who is invited as an owner of the console")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OWNER_DATABASE_URL:
            raise CommandError("OWNER_DATABASE_URL is not set. Making tenants needs the owner's role.")
        speak_as(settings.OWNER_DATABASE_URL, limits="-c lock_timeout=10000")
        try:
            done = found(domain=options["domain"], name=options["name"], email=options["email"], now=now())
        except HoldfastError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{done.name} stands at {done.console}")
        if not done.link:
            self.stdout.write(f"{done.email} has an account there already: nobody was invited.")
            return
        how = "by mail" if done.is_mailed else "but no mail server took the mail: hand the link over yourself"
        self.stdout.write(f"{done.email} is invited as an owner, {how}.")
        self.stdout.write(f"The link works once, for seven days: {done.link}")
