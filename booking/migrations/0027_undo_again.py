"""A cancelled booking that could not be taken back is cancelled as it was (booking/sql/retaken_v1.sql); one that was has
its own seat again (seat_numbers_v2.sql). A move claims those who have the meeting under its lock (resources_v2.sql).
"""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0026_reassigned_links")]

    operations = [
        run_sql_file("booking.sql", "retaken_v1.sql"),
        run_sql_file("booking.sql", "seat_numbers_v2.sql"),
        run_sql_file("booking.sql", "resources_v2.sql"),
    ]
