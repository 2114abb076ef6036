"""A meeting that goes to another host takes the link that was made for them (booking/sql/reassign_v2.sql)."""

from django.db import migrations

from kernel.sqlfiles import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("booking", "0025_one_session")]

    operations = [run_sql_file("booking.sql", "reassign_v2.sql")]
