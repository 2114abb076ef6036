"""Google Meet is a place to meet; whatever is not in person or by phone is confirmed only with a proven link."""

from django.db import migrations, models

from kernel.sqlfiles import run_sql_file

LOCATIONS = [
    ("built_in_room", "Built In Room"),
    ("fixed_link", "Fixed Link"),
    ("google_meet", "Google Meet"),
    ("in_person", "In Person"),
    ("phone", "Phone"),
]


class Migration(migrations.Migration):
    dependencies = [("booking", "0013_seat_is_given")]

    operations = [
        migrations.AlterField(
            model_name="eventtype",
            name="location_kind",
            field=models.CharField(choices=LOCATIONS, default="built_in_room", max_length=16),
        ),
        migrations.AlterField(
            model_name="meeting",
            name="location_kind",
            field=models.CharField(choices=LOCATIONS, max_length=16),
        ),
        run_sql_file("booking.sql", "truth_v2.sql"),
    ]
