"""A reader of the catalog is told of the tables that changed, not of all."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0023_texts_withdrawn")]

    operations = [run_sql_file("booking.sql", "catalog_v2.sql")]
