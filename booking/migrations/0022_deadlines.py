"""What has a deadline says so where the clock looks for all tenants at once."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0021_texts"), ("jobs", "0004_deadline")]

    operations = [run_sql_file("booking.sql", "deadline_v1.sql")]
