"""Jobs are written by one SQL function, which whoever writes their cause may call (jobs/sql/enqueue_v1)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [run_sql_file("jobs.sql", "enqueue_v1.sql")]
