"""Meeting, its hosts, and the one table that can block time."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q

from booking.models.event_types import EventType
from booking.models.hosts import Host, Resource


class Meeting(models.Model):
    """What owns the time, the hosts, the link and the calendar event. Instants in UTC.

    `released_at` is null exactly while the meeting is `scheduled` by the business or has a live booking;
    the database's trigger sees to it, and to `seats_taken`.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=20, unique=True)
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="meetings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked = DateTimeRangeField(help_text="starts_at to ends_at with buffers; what its hosts' rows block")
    capacity = models.PositiveIntegerField()
    seats_taken = models.PositiveIntegerField(default=0)
    scheduled = models.BooleanField(default=False, help_text="set by the business, lives without bookings")
    released_at = models.DateTimeField(null=True)
    location_kind = models.CharField(max_length=16, choices=EventType.Location.choices)
    location_detail = models.CharField(max_length=300, blank=True, default="")
    join_url = models.URLField(max_length=500, blank=True, default="")
    link_key = models.CharField(
        max_length=64, blank=True, default="", help_text="the provider's key of the link"
    )
    link_proved_at = models.DateTimeField(null=True)
    link_proof = models.JSONField(null=True)
    sequence = models.PositiveIntegerField(default=0, help_text="RFC 5545 3.8.7.4")
    created_at = models.DateTimeField()
    hosts = models.ManyToManyField(Host, through="MeetingHost", related_name="meetings")
    resources = models.ManyToManyField(Resource, through="MeetingResource", related_name="meetings")

    class Meta:
        constraints = [
            models.CheckConstraint(name="booking_meeting_order", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="booking_meeting_seats", condition=Q(seats_taken__lte=F("capacity"))),
            models.CheckConstraint(
                name="booking_meeting_proof_has_link",
                condition=Q(link_proved_at=None) | (Q(link_proof__isnull=False) & ~Q(join_url="")),
            ),
        ]
        indexes = [
            models.Index(
                name="booking_meeting_session",
                fields=["event_type", "starts_at"],
                condition=Q(released_at=None),
            ),
            models.Index(name="booking_meeting_start", fields=["starts_at"]),
        ]

    def __str__(self) -> str:
        return self.uid

    @property
    def is_online(self) -> bool:
        """Say whether this meeting needs a link that was proven."""
        return self.location_kind in EventType.ONLINE

    @property
    def is_session(self) -> bool:
        """Say whether its seats are booked, moved and cancelled each by itself, whatever became of its type since."""
        return self.capacity > 1 or self.event_type.kind == EventType.Kind.GROUP

    @property
    def link_kind(self) -> str:
        """Return whose link it is, as its proof says; until there is one, the kind that was asked for."""
        return str((self.link_proof or {}).get("kind") or self.location_kind)

    @property
    def link_detail(self) -> str:
        """Return the detail of the place that the link belongs to: `location_detail`, or a fallback's own."""
        return str((self.link_proof or {}).get("detail", self.location_detail))


class MeetingHost(models.Model):
    """A host of a meeting; position 0 is the organiser, who owns the calendar event."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="meeting_hosts")
    host = models.ForeignKey(Host, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "host_id")
        constraints = [models.UniqueConstraint(name="booking_meetinghost_once", fields=["meeting", "host"])]


class MeetingResource(models.Model):
    """A room or a piece of equipment of a meeting: blocked like its hosts (booking/sql/resources_v1.sql)."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="meeting_resources")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT)

    class Meta:
        ordering = ("resource_id",)
        constraints = [
            models.UniqueConstraint(name="booking_meetingresource_once", fields=["meeting", "resource"])
        ]


class Occupancy(models.Model):
    """A blocked stretch of one resource: the only thing that can block time (booking/sql/occupancy_v1.sql).

    `blocked` is half-open, UTC, buffers included. A row is live while `retired_at` is null; its range is
    never updated: the row is retired and another inserted.
    """

    id = models.BigAutoField(primary_key=True)
    resource = models.ForeignKey("booking.Resource", on_delete=models.PROTECT)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="occupancy")
    blocked = DateTimeRangeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "booking_occupancy"
        indexes = [
            models.Index(name="booking_occupancy_meeting", fields=["meeting"], condition=Q(retired_at=None))
        ]
