"""A booking and all that messages about it are composed from are read in one statement."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0017_booked")]

    operations = [run_sql_file("booking.sql", "facts_v2.sql")]
