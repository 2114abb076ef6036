"""How a calendar is followed: its push channel, our events in it, what their owners did to them; links made there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from providers.models.calendars import Calendar
from providers.models.oauth import OAuthAccount


class CalendarChannel(models.Model):
    """A vendor's promise to tell us when a calendar changes, until `expires_at`; renewed by a new one before.

    `key` stands in the address that is called, `token_hash` is of the secret that comes with each call.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="channels")
    key = models.CharField(max_length=64, unique=True)
    token_hash = models.CharField(max_length=64)
    remote_id = models.CharField(max_length=255, blank=True, default="")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "providers"

    def __str__(self) -> str:
        return f"channel {self.pk} of calendar {self.calendar_id}"


class CalendarEntry(models.Model):
    """An event of ours in a calendar: where it is, the version that we wrote, and the time we gave it.

    `put_by_owner`: its owner took it there, so it is written there from then on.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="entries")
    uid = models.CharField(max_length=255)
    remote_id = models.CharField(max_length=1024, db_index=True)
    etag = models.CharField(max_length=255)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    written_at = models.DateTimeField()
    put_by_owner = models.BooleanField(default=False)

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "uid"], name="calendar_entry_once")
        ]

    def __str__(self) -> str:
        return f"entry {self.pk} in calendar {self.calendar_id}"


class CalendarChange(models.Model):
    """What a calendar's owner did to an event of ours, as it was seen; answered by whoever keeps the bookings.

    `etag` is the version that was seen; of a deletion that tells none, the version of ours that was deleted.
    """

    class Kind(models.TextChoices):
        MOVED = "moved"
        DELETED = "deleted"

    host_id = models.BigIntegerField()
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="changes")
    uid = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    etag = models.CharField(max_length=255, blank=True, default="")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["calendar", "uid", "kind", "etag", "starts_at"],
                name="calendar_change_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind="deleted", starts_at__isnull=True, ends_at__isnull=True)
                | Q(kind="moved", starts_at__isnull=False, ends_at__isnull=False),
                name="calendar_change_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} event in calendar {self.calendar_id}"


class VendorMeeting(models.Model):
    """A meeting link that was made at a vendor under `key`; live until `cancelled_at`. Several keys may share one."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    account = models.ForeignKey(OAuthAccount, on_delete=models.CASCADE, related_name="meetings")
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="+")
    meeting_uid = models.CharField(max_length=40, db_index=True)
    remote_id = models.CharField(max_length=1024)
    url = models.URLField(max_length=1000)
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "providers"

    def __str__(self) -> str:
        return f"{self.kind} of meeting {self.meeting_uid}"
