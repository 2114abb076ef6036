"""A place and all that follows from it at once; the truth of a meeting read in one statement."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0016_fallback_locations"), ("audit", "0005_start_run")]

    operations = [run_sql_file("booking.sql", "booked_v1.sql"), run_sql_file("booking.sql", "truth_v3.sql")]
