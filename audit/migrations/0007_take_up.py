"""A run is taken up in one round trip, and its job ends with it (audit/sql/advance_v2.sql).

advance_v1 stays for workers of the version before, which serve on while a rolling update migrates.
"""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_advance")]

    operations = [run_sql_file("audit.sql", "advance_v2.sql")]
