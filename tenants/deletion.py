"""Deleting a tenant: its addresses, its jobs, its schema with everything in it. Runs as the owner role only.

The verb's inverse is a restore from a backup; nothing here asks whether it should (that is the caller's).
"""

from django.db import connection, transaction
from psycopg import sql

from jobs.api import forget_jobs
from kernel.tenancy import PUBLIC, entered
from tenants.contention import ContentionTest
from tenants.models import Domain, Logo, Tenant
from tenants.schemas import SchemaMigration


def delete_tenant(tenant: Tenant) -> None:
    """Delete the tenant for good, in one transaction: either it is all there or nothing of it.

    Its jobs go too, so no worker looks for its schema. The platform's own tenant raises ValueError.
    """
    if tenant.kind != Tenant.Kind.BUSINESS:
        raise ValueError("The platform's own tenant cannot be deleted.")
    with entered(PUBLIC), transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        forget_jobs(tenant.schema_name)
        Domain.objects.filter(tenant=tenant).delete()
        SchemaMigration.objects.filter(schema_name=tenant.schema_name).delete()
        Logo.objects.filter(tenant=tenant).delete()
        ContentionTest.objects.filter(tenant=tenant).delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tenants_tenant WHERE id = %s", [tenant.pk])
            cursor.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(tenant.schema_name))
            )
