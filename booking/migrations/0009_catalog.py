"""The catalog's stamp and its triggers: what a business offers is kept in memory under it. And what blocks time, asked
in one statement."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0008_taken")]

    operations = [run_sql_file("booking.sql", name) for name in ("catalog_v1.sql", "occupied_v1.sql")]
