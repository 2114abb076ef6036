"""Limits count what is renewed in the moment in which its deadline passes (booking/sql/limits_v2.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0027_undo_again")]

    operations = [run_sql_file("booking.sql", "limits_v2.sql")]
