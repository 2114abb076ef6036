"""A run is read, and goes on, in one round trip a step (audit/sql/advance_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_start_run"), ("jobs", "0003_lease")]

    operations = [run_sql_file("audit.sql", "advance_v1.sql")]
