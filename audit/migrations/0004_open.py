"""The ledger is opened for writing in one round trip (audit/sql/open_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_stopped_runs")]

    operations = [run_sql_file("audit.sql", "open_v1.sql")]
