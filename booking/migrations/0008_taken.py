"""What a booking's first transaction writes and reads, in one round trip each (booking/sql/taken_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0007_meeting_kinds"), ("jobs", "0002_enqueue")]

    operations = [run_sql_file("booking.sql", "taken_v1.sql")]
