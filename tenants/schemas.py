"""What the owner remembers about schemas: how a new one is made at once, and how far each one's migration is.

Both tables stand in the public schema and are the owner's alone: the application neither reads nor writes them.
"""

from django.db import models


class Blueprint(models.Model):
    """The SQL that makes a tenant's schema: what migrating one from nothing said to the database."""

    fingerprint = models.CharField(max_length=64, primary_key=True, help_text="of what shapes a schema")
    script = models.TextField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint[:12]


class SchemaMigration(models.Model):
    """How far one schema is on its way to a fingerprint."""

    class State(models.TextChoices):
        PENDING = "pending"  # -> running
        RUNNING = "running"  # -> done, failed; pending again when its process died
        DONE = "done"
        FAILED = "failed"  # -> pending, by the next run

    schema_name = models.CharField(max_length=63, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    fault = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.state}"
