"""The registry's stamp: what is known of a host name in memory is current while it stands."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_schemas")]

    operations = [run_sql_file("tenants.sql", "registry_v1.sql")]
