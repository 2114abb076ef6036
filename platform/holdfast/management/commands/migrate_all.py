"""Bring the public schema and every tenant's up to date, as the owner role, one line of progress each."""

from django.conf import settings
from django.core.management.base import BaseCommand

from kernel.errors import Misconfigured
from kernel.postgres.role import speak_as
from kernel.tenancy import PUBLIC, entered
from tenants.api import Tenant, migrate_public, migrate_tenant


class Command(BaseCommand):
    """`manage.py migrate_all`: needs OWNER_DATABASE_URL; DATABASE_URL names the role that gets the grants."""

    help = __doc__ or ""

    def handle(self, *args: object, **options: object) -> None:
        if not settings.OWNER_DATABASE_URL:
            raise Misconfigured("OWNER_DATABASE_URL is not set. Migrations need the owner's role.")
        speak_as(settings.OWNER_DATABASE_URL, limits="-c lock_timeout=10000")
        self.stdout.write("  migrating public")
        migrate_public()
        with entered(PUBLIC):
            schemas = list(Tenant.objects.order_by("pk").values_list("schema_name", "name"))
        for number, (schema, name) in enumerate(schemas, start=1):
            self.stdout.write(f"  migrating {name} ({number} of {len(schemas)})")
            migrate_tenant(schema)
