"""Queueing, beginning and ending a mail are one call each."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("providers", "0010_jitsi")]

    operations = [run_sql_file("providers.sql", "outbox_v1.sql")]
