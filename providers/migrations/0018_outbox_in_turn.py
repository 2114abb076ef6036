"""Mails are begun with the end of the one before (providers/sql/outbox_v2.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("providers", "0017_entry_put_by_owner")]

    operations = [run_sql_file("providers.sql", "outbox_v2.sql")]
