"""Reminder: one mail that is due a set time before a meeting starts."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from booking.models.bookings import Booking


class Reminder(models.Model):
    """A reminder of one booking. Its job is due at `due_at`; nobody scans for it. Instants in UTC."""

    class State(models.TextChoices):
        DUE = "due"  # -> sent, skipped
        SENT = "sent"
        SKIPPED = "skipped"  # `because` says why, in words

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="reminders")
    due_at = models.DateTimeField()
    minutes_before = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    because = models.CharField(max_length=200, blank=True, default="")
    run_id = models.BigIntegerField(null=True, help_text="the run that sends it, once it was due")
    ended_at = models.DateTimeField(null=True, help_text="when it was sent or skipped")

    class Meta:
        ordering = ("due_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="booking_reminder_once", fields=["booking", "minutes_before"], condition=Q(state="due")
            ),
            models.CheckConstraint(
                name="booking_reminder_ended",
                condition=Q(state="due", ended_at=None) | (~Q(state="due") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="booking_reminder_skipped_because", condition=~Q(state="skipped") | ~Q(because="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minutes_before} min before {self.booking_id} ({self.state})"

    @property
    def starts_at(self) -> datetime:
        """The start that it reminds of; a booking that moved has another by now."""
        return self.due_at + timedelta(minutes=self.minutes_before)
