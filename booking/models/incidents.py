"""Incident: a fault in words, open until it is repaired or somebody closes it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Incident(models.Model):
    """What went wrong with one thing. At most one is open for a kind and a subject; a repeat is counted.

    `title` says what happened, `consequence` what it means for clients; both may name people and stay here.
    `repair` names what the fixer can do about it; "" leaves it to a person. `details` unfolds: codes and ids.
    """

    class State(models.TextChoices):
        OPEN = "open"  # -> resolved
        RESOLVED = "resolved"  # -> open (undo), unless another of its kind and subject is open by now

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, help_text="e.g. meeting:<uid>, host:<id>, provider:<kind>")
    title = models.CharField(max_length=300)
    consequence = models.TextField()
    repair = models.CharField(max_length=40, blank=True, default="")
    run_id = models.BigIntegerField(null=True, help_text="the run in which it was last seen")
    details = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    seen = models.PositiveIntegerField(default=1, help_text="how often it was seen while open")
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=100, blank=True, default="", help_text="actor type:id")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="booking_incident_once", fields=["kind", "subject"], condition=Q(state="open")
            ),
            models.CheckConstraint(
                name="booking_incident_resolved",
                condition=Q(state="open", resolved_at=None) | Q(state="resolved", resolved_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="booking_incident_open", fields=["-opened_at"], condition=Q(state="open")),
            models.Index(name="booking_incident_subject", fields=["subject"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject} ({self.state})"
