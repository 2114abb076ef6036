"""Connected calendars and their busy index."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="CalendarConnection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host_id", models.BigIntegerField(db_index=True)),
                ("kind", models.CharField(default="caldav", max_length=20)),
                ("url", models.URLField(max_length=500)),
                ("username", models.CharField(max_length=254)),
                ("sealed_password", models.BinaryField()),
                ("time_zone", models.CharField(max_length=64)),
                ("addresses", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("working", "Working"),
                            ("failing", "Cannot be read"),
                            ("unauthorised", "Sign-in refused"),
                        ],
                        default="working",
                        max_length=20,
                    ),
                ),
                ("connected_at", models.DateTimeField()),
                ("last_good_at", models.DateTimeField(null=True)),
                ("last_failed_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("host_id", "url", "username"), name="calendar_connection_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["working", "failing", "unauthorised"])),
                        name="calendar_connection_status",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host_id", models.BigIntegerField()),
                ("url", models.URLField(max_length=1000)),
                ("name", models.CharField(max_length=255)),
                ("time_zone", models.CharField(max_length=64)),
                ("reads_busy", models.BooleanField(default=False)),
                ("is_destination", models.BooleanField(default=False)),
                ("read_at", models.DateTimeField(null=True)),
                ("covers_from", models.DateTimeField(null=True)),
                ("horizon", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("failed_words", models.TextField(blank=True, default="")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendars",
                        to="providers.calendarconnection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BusyTime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="busy_times",
                        to="providers.calendar",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["calendar", "starts_at"], name="busy_time_by_calendar")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="busy_time_not_empty"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="calendar",
            index=models.Index(fields=["host_id"], name="calendar_by_host"),
        ),
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.UniqueConstraint(fields=("connection", "url"), name="calendar_once"),
        ),
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_destination", True)),
                fields=("host_id",),
                name="calendar_one_destination_per_host",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("covers_from__isnull", True), ("horizon__isnull", True), ("read_at__isnull", True)
                    ),
                    models.Q(
                        ("covers_from__isnull", False),
                        ("horizon__gt", models.F("covers_from")),
                        ("read_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="calendar_index_is_whole",
            ),
        ),
    ]
