"""What the health check last saw of each promise."""

from django.db import models


class ProbeResult(models.Model):
    """The last reading of one probe. `subjects` are what it found fault with, e.g. ["calendar:3"]."""

    class State(models.TextChoices):
        OK = "ok"
        WARN = "warn"  # the promise stands, with less room to spare
        BAD = "bad"  # a promise is broken or cannot be kept
        UNKNOWN = "unknown"  # it could not be looked at

    probe = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=7, choices=State.choices)
    words = models.TextField(blank=True, default="")
    consequence = models.TextField(blank=True, default="")
    subjects = models.JSONField(default=list)
    since_at = models.DateTimeField(help_text="when this state began")
    checked_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.probe} ({self.state})"
