"""The job row: the truth about work to be done. State machine in the comments."""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of work of one tenant. `ref` is an id; a payload never travels."""

    class State(models.TextChoices):
        QUEUED = "queued"  # -> leased (claimed), also when a lease ran out
        LEASED = "leased"  # -> done, queued (again, later), parked (gave up)
        DONE = "done"
        PARKED = "parked"  # -> queued (by hand or fixer); never dropped in silence

    id = models.BigAutoField(primary_key=True)
    schema = models.CharField(max_length=63)
    kind = models.CharField(max_length=40)
    ref = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True, help_text="when the broker last got its id")
    attempts = models.PositiveIntegerField(default=0)
    lease = models.UUIDField(null=True, help_text="the claim's fencing token")
    leased_until = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="jobs_job_lease_belongs_to_leased",
                condition=Q(state="leased", lease__isnull=False, leased_until__isnull=False)
                | (~Q(state="leased") & Q(lease__isnull=True, leased_until__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                name="jobs_job_waiting", fields=["due_at"], condition=Q(state__in=["queued", "leased"])
            ),
            models.Index(name="jobs_job_ref", fields=["schema", "kind", "ref"]),
            models.Index(
                name="jobs_job_open",
                fields=["schema", "state", "due_at"],
                condition=Q(state__in=["queued", "leased", "parked"]),
            ),
            models.Index(
                name="jobs_job_owner",
                fields=["due_at"],
                condition=Q(kind__startswith="owner:", state__in=["queued", "leased"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref} ({self.state})"


class Deadline(models.Model):
    """Something of a tenant's ends at `due_at` unless it was settled before: where the clock has to look, and when.

    Written by triggers beside what has a deadline, one row each, never changed; the clock deletes what it has seen to.
    """

    id = models.BigAutoField(primary_key=True)
    schema = models.CharField(max_length=63)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.schema} {self.due_at}"
