"""Booking: one attendee's place in a meeting; Move: its wish for another time."""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from booking.models.event_types import EventType
from booking.models.hosts import Host
from booking.models.meetings import Meeting


class Series(models.Model):
    """Several dates of one event type that one attendee booked at once; each is a meeting of its own."""

    id = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=20, unique=True)
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.uid


class Booking(models.Model):
    """One attendee's place. The statuses and their ways are those of booking.core.states.

    `company`: what booking.facts read beside it, for messages.
    """

    company: Mapping[str, Any] | None = None

    class Status(models.TextChoices):
        HELD = "held"
        PENDING = "pending"
        AWAITING_LINK = "awaiting_link"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"
        FAILED = "failed"
        DECLINED = "declined"
        COMPLETED = "completed"
        NO_SHOW = "no_show"

    LIVE = (Status.HELD, Status.PENDING, Status.AWAITING_LINK, Status.CONFIRMED)

    class Source(models.TextChoices):
        PAGE = "page"
        API = "api"
        PORTAL = "portal"

    id = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=20, unique=True)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="bookings")
    series = models.ForeignKey(Series, null=True, on_delete=models.PROTECT, related_name="bookings")
    seat_number = models.PositiveSmallIntegerField(
        null=True, help_text="1 to the meeting's capacity, unique among its live ones; given by the database"
    )
    status = models.CharField(max_length=13, choices=Status.choices)
    expires_at = models.DateTimeField(null=True, help_text="the deadline of held, pending and awaiting_link")
    attendee_name = models.CharField(max_length=120, blank=True, default="")
    attendee_email = models.EmailField(blank=True, default="")
    time_zone = models.CharField(max_length=64)
    guests = models.JSONField(default=list)
    answers = models.JSONField(default=dict)
    source = models.CharField(max_length=6, choices=Source.choices)
    visitor = models.CharField(max_length=64, help_text="keyed hash of who asked; caps live holds")
    manage_version = models.PositiveIntegerField(default=0, help_text="a reschedule makes older links void")
    failure_code = models.CharField(max_length=30, blank=True, default="")
    failure_words = models.TextField(blank=True, default="")
    cancel_reason = models.TextField(blank=True, default="")
    cancelled_by = models.CharField(max_length=12, blank=True, default="", help_text="actor type")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="booking_booking_deadline",
                condition=Q(status__in=["held", "pending", "awaiting_link"], expires_at__isnull=False)
                | (~Q(status__in=["held", "pending", "awaiting_link"]) & Q(expires_at=None)),
            ),
            models.CheckConstraint(
                name="booking_booking_attendee",
                condition=Q(status__in=["held", "expired"]) | ~Q(attendee_email=""),
            ),
            models.CheckConstraint(
                name="booking_booking_seat_given",
                condition=~Q(status__in=["held", "pending", "awaiting_link", "confirmed"])
                | Q(seat_number__isnull=False, seat_number__gte=1),
            ),
            models.UniqueConstraint(
                name="booking_booking_seat_once",
                fields=["meeting", "seat_number"],
                condition=Q(status__in=["held", "pending", "awaiting_link", "confirmed"]),
            ),
        ]
        indexes = [
            models.Index(
                name="booking_booking_due", fields=["expires_at"], condition=Q(expires_at__isnull=False)
            ),
            models.Index(name="booking_booking_visitor", fields=["visitor"], condition=Q(status="held")),
            models.Index(
                name="booking_booking_live",
                fields=["meeting"],
                condition=Q(status__in=["held", "pending", "awaiting_link", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uid} ({self.status})"


class Move(models.Model):
    """What a confirmed booking wishes for, blocked beside what it has until it counts. Three kinds:

    its meeting takes another time (a reschedule); its seat goes to `meeting`, another session, and leaves
    `from_meeting`; or its meeting goes from `from_host` to `host` at the same time (a reassignment).
    """

    class Status(models.TextChoices):
        HELD = "held"  # both times blocked
        CONFIRMED = "confirmed"
        FAILED = "failed"  # the old time stands untouched
        EXPIRED = "expired"

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="moves")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="moves")
    from_meeting = models.ForeignKey(
        Meeting,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the session that a seat leaves",
    )
    from_host = models.ForeignKey(
        Host, null=True, on_delete=models.PROTECT, related_name="+", help_text="who hands a meeting over"
    )
    host = models.ForeignKey(
        Host, null=True, on_delete=models.PROTECT, related_name="+", help_text="who takes it over"
    )
    status = models.CharField(max_length=9, choices=Status.choices)
    from_starts_at = models.DateTimeField()
    from_ends_at = models.DateTimeField()
    from_blocked = DateTimeRangeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked = DateTimeRangeField()
    expires_at = models.DateTimeField(null=True)
    join_url = models.URLField(max_length=500, blank=True, default="")
    link_key = models.CharField(max_length=64, blank=True, default="")
    link_proved_at = models.DateTimeField(null=True)
    link_proof = models.JSONField(null=True)
    failure_code = models.CharField(max_length=30, blank=True, default="")
    failure_words = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="booking_move_one_at_a_time", fields=["booking"], condition=Q(status="held")
            ),
            models.CheckConstraint(
                name="booking_move_deadline",
                condition=Q(status="held", expires_at__isnull=False)
                | (~Q(status="held") & Q(expires_at=None)),
            ),
            models.CheckConstraint(
                name="booking_move_kind",
                condition=Q(from_host=None, host=None)
                | Q(from_host__isnull=False, host__isnull=False, from_meeting=None),
            ),
        ]

    @property
    def is_seat(self) -> bool:
        """Say whether a seat goes from one session to another."""
        return self.from_meeting_id is not None

    @property
    def is_reassignment(self) -> bool:
        """Say whether the meeting goes to another host at the same time."""
        return self.host_id is not None

    @property
    def has_new_link(self) -> bool:
        """Say whether a link was made and proven for it, which becomes the meeting's once it counts."""
        return self.link_proved_at is not None

    @property
    def handover(self) -> tuple[Host, Host] | None:
        """Return who had the meeting and who is to have it; None unless it is reassigned."""
        return (self.from_host, self.host) if self.from_host and self.host else None


class IdempotencyKey(models.Model):
    """A client's key for one booking, written in the booking's own transaction."""

    key_hash = models.CharField(max_length=64, primary_key=True)
    fingerprint = models.CharField(max_length=64, help_text="of the request's parameters")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE)
    created_at = models.DateTimeField()
