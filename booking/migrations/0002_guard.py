"""The guard and everything that writes through it (booking/sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0001_initial"), ("audit", "0001_ledger")]

    operations = [
        run_sql_file("booking.sql", name)
        for name in ("identity_v1.sql", "occupancy_v1.sql", "truth_v1.sql", "release_v1.sql", "hold_v1.sql", "move_v1.sql")
    ]
