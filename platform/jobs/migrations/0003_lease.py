"""A lease is taken, renewed and ended in one statement each (jobs/sql/lease_v1)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_enqueue")]

    operations = [run_sql_file("jobs.sql", "lease_v1.sql")]
