"""Make the sandbox tenant that load tests run in, or remove it with everything it holds."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from holdfast.sandbox import NotASandbox, SandboxIncomplete, make_sandbox, remove_sandbox
from kernel.clock import now
from kernel.errors import Misconfigured
from kernel.postgres.role import speak_as


class Command(BaseCommand):
    """`manage.py sandbox [--tenant bench] [--hosts 20] [--bookings 200] [--copies N] [--remove]`: needs
    OWNER_DATABASE_URL."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="bench", help="its short name and host: <name>.localhost")
        parser.add_argument("--hosts", type=int, default=20, help="hosts of the round robin `team`")
        parser.add_argument(
            "--bookings", type=int, default=200, help="of `solo`, in 30 days from next Monday"
        )
        parser.add_argument("--copies", type=int, default=0, help="so many of them: bench-1, bench-2, …")
        parser.add_argument("--first", type=int, default=1, help="the number of the first copy")
        parser.add_argument("--remove", action="store_true", help="delete it with everything in it")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OWNER_DATABASE_URL:
            raise Misconfigured("OWNER_DATABASE_URL is not set. Making tenants needs the owner's role.")
        speak_as(settings.OWNER_DATABASE_URL, limits="-c lock_timeout=10000")
        first, copies, name = options["first"], options["copies"], options["tenant"]
        try:
            for slug in [f"{name}-{number}" for number in range(first, first + copies)] or [name]:
                self._handle_one(slug, options)
                connection.close_if_unusable_or_obsolete()  # the session remembers every schema it has made
        except (NotASandbox, SandboxIncomplete, ValueError) as error:
            raise CommandError(str(error)) from error

    def _handle_one(self, slug: str, options: dict[str, Any]) -> None:
        if options["remove"]:
            remove_sandbox(slug=slug)
            self.stdout.write(f"removed {slug}.localhost and everything in it")
            return
        make_sandbox(slug=slug, hosts=options["hosts"], bookings=options["bookings"], now=now())
        self.stdout.write(
            f"{slug}.localhost: {options['hosts']} hosts, {options['bookings']} bookings of solo"
        )
