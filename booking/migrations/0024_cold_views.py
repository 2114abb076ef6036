"""A reader of the catalog reads the tables that changed, not all; what is occupied is told in less time."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0023_texts_withdrawn")]

    operations = [
        run_sql_file("booking.sql", "catalog_v2.sql"),
        run_sql_file("booking.sql", "occupied_v2.sql"),
    ]
