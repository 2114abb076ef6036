"""The stamp of connected calendars: answers kept in memory are right while it stands."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("providers", "0004_withdrawn")]

    operations = [run_sql_file("providers.sql", "calendars_stamp_v1.sql")]
