"""A run is started in one round trip (audit/sql/start_run_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_open"), ("jobs", "0002_enqueue")]

    operations = [run_sql_file("audit.sql", "start_run_v1.sql")]
