"""A step of a booking's run reads what it is about in one statement (booking/sql/facts_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0010_rules")]

    operations = [run_sql_file("booking.sql", "facts_v1.sql")]
