"""Connected calendars of hosts and the busy index read from them; tenant schema, no titles, no attendees."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from providers.models.oauth import OAuthAccount


class CalendarConnection(models.Model):
    """One account of one host at a calendar server. `host_id` is the host's resource id.

    `kind` "caldav" has a password, sealed, which goes to the origin of `url` only; "google" and "microsoft" have
    an `account` with tokens instead, and `url` is where a person finds it; of a FEED the whole address is sealed in
    the password's place, and `url` shows its server and a fingerprint.
    """

    FEED: ClassVar = "ics"

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        FAILING = "failing", "Cannot be read"
        UNAUTHORISED = "unauthorised", "Sign-in refused"

    host_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=20, default="caldav")
    account = models.OneToOneField(
        OAuthAccount, on_delete=models.CASCADE, null=True, related_name="connection"
    )
    url = models.URLField(max_length=500)
    username = models.CharField(max_length=254)
    sealed_password = models.BinaryField()
    time_zone = models.CharField(max_length=64)
    addresses = models.JSONField(default=list)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WORKING)
    connected_at = models.DateTimeField()
    last_good_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["host_id", "url", "username"], name="calendar_connection_once"),
            models.CheckConstraint(
                condition=Q(status__in=["working", "failing", "unauthorised"]),
                name="calendar_connection_status",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["caldav", "ics"], account__isnull=True)
                | Q(kind__in=["google", "microsoft"], account__isnull=False),
                name="calendar_connection_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} connection {self.pk} of host {self.host_id}"


class Calendar(models.Model):
    """One calendar of a connection: conflict calendar (`reads_busy`), destination calendar (`is_destination`), or both.

    Its busy index holds every busy time that overlaps [covers_from, horizon), as read at `read_at`. `sync_token` is
    the vendor's: what changed since, last asked at `synced_at`; a whole reading was last done at `resynced_at`.
    """

    connection = models.ForeignKey(CalendarConnection, on_delete=models.CASCADE, related_name="calendars")
    host_id = models.BigIntegerField()
    url = models.URLField(max_length=1000)
    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=64)
    reads_busy = models.BooleanField(default=False)
    is_destination = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    covers_from = models.DateTimeField(null=True)
    horizon = models.DateTimeField(null=True)
    sync_token = models.TextField(blank=True, default="")
    synced_at = models.DateTimeField(null=True)
    resynced_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failed_words = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "url"], name="calendar_once"),
            models.UniqueConstraint(
                fields=["host_id"], condition=Q(is_destination=True), name="calendar_one_destination_per_host"
            ),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True, covers_from__isnull=True, horizon__isnull=True)
                | Q(read_at__isnull=False, covers_from__isnull=False, horizon__gt=F("covers_from")),
                name="calendar_index_is_whole",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["host_id"], name="calendar_by_host")]

    def __str__(self) -> str:
        return f"calendar {self.pk} of host {self.host_id}"


class BusyTime(models.Model):
    """One busy time of a calendar: half-open, UTC, not merged with its neighbours, without any word of its content."""

    calendar = models.ForeignKey(
        Calendar, on_delete=models.CASCADE, related_name="busy_times", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_time_not_empty"),
        ]
        indexes: ClassVar = [models.Index(fields=["calendar", "starts_at"], name="busy_time_by_calendar")]

    def __str__(self) -> str:
        return f"busy {self.starts_at.isoformat()} to {self.ends_at.isoformat()}"
