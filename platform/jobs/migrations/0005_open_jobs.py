"""What waits is found without reading what is done or lies far ahead; the table is vacuumed while it is small."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_deadline")]

    operations = [
        migrations.AddIndex(
            "job",
            models.Index(
                name="jobs_job_open",
                fields=["schema", "state", "due_at"],
                condition=Q(state__in=["queued", "leased", "parked"]),
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                name="jobs_job_owner",
                fields=["due_at"],
                condition=Q(kind__startswith="owner:", state__in=["queued", "leased"]),
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE jobs_job SET (autovacuum_vacuum_scale_factor = 0.02)",
            "ALTER TABLE jobs_job RESET (autovacuum_vacuum_scale_factor)",
        ),
    ]
