"""At one start an event type has one session, however many open it at once (booking/sql/sessions_v1.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0024_cold_views")]

    operations = [run_sql_file("booking.sql", "sessions_v1.sql")]
