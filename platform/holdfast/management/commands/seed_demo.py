"""Make the demo's tenants, connect Ana's calendar where a demo CalDAV server runs, keep the sign-ins."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from holdfast.demo import seed_demo, write_sign_ins
from holdfast.demo_calendar import connect_demo_calendar
from kernel.clock import now
from kernel.errors import Misconfigured
from kernel.postgres.role import speak_as
from tenants.api import FoundedElsewhere, NotFounded


class Command(BaseCommand):
    """`manage.py seed_demo`: needs OWNER_DATABASE_URL; writes $HOLDFAST_DATA/demo.json."""

    help = __doc__ or ""

    def handle(self, *args: object, **options: object) -> None:
        if not settings.OWNER_DATABASE_URL:
            raise Misconfigured("OWNER_DATABASE_URL is not set. Making tenants needs the owner's role.")
        speak_as(settings.OWNER_DATABASE_URL, limits="-c lock_timeout=10000")
        self.stdout.write("  making the demo's tenants: localhost, acme.localhost, northwind.localhost")
        try:
            sign_ins = seed_demo(now=now())
        except FoundedElsewhere as fact:
            raise CommandError(f"{fact.message} The demo is not for it: start with --empty.") from fact
        except NotFounded as fact:
            raise CommandError(fact.message) from fact
        write_sign_ins(settings.HOLDFAST_DATA / "demo.json", sign_ins)
        connect_demo_calendar(now=now(), say=self.stdout.write)
