"""The built-in room: one row per key; its token is the link, its secret proves that our page answered.

Who is in it and what they say to each other are rows that expire with the room: nothing here is a record.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Room(models.Model):
    """A place to meet that needs no vendor. Live until `cancelled_at`; open in [opens_at, closes_at), UTC."""

    key = models.CharField(max_length=120, unique=True)
    token = models.CharField(max_length=64, unique=True)
    meeting_uid = models.CharField(max_length=40, db_index=True)
    title = models.CharField(max_length=255)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    secret = models.BinaryField()
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    starts_at__lt=F("ends_at"), opens_at__lte=F("starts_at"), closes_at__gte=F("ends_at")
                ),
                name="room_open_for_its_meeting",
            ),
        ]

    def __str__(self) -> str:
        return f"room of meeting {self.meeting_uid}"


class RoomParticipant(models.Model):
    """Somebody at the door or inside. Known to the others by `peer`, to the server by the hash of a ticket.

    `epoch` counts the pages that this participant opened: a reload starts a new one, and what was said to
    an older one is dropped. `sent_number` is the last message taken, so that a repeat is not taken twice.
    """

    class State(models.TextChoices):
        WAITING = "waiting"  # -> admitted, denied
        ADMITTED = "admitted"  # -> removed; -> waiting (was gone, and the place was taken)
        DENIED = "denied"
        REMOVED = "removed"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="participants")
    peer = models.CharField(max_length=20, unique=True)
    ticket_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=60, blank=True)
    is_host = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices)
    epoch = models.PositiveIntegerField(default=1)
    sent_number = models.PositiveBigIntegerField(default=0)
    has_microphone = models.BooleanField(default=False)
    has_camera = models.BooleanField(default=False)
    shares_screen = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    window_at = models.DateTimeField()
    window_count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "admitted", "denied", "removed"]),
                name="room_participant_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="admitted") | Q(admitted_at__isnull=False),
                name="room_participant_admitted_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["denied", "removed"]) | Q(name=""),
                name="room_participant_name_goes_with_the_person",
            ),
        ]

    def __str__(self) -> str:
        return f"participant {self.peer} ({self.state})"


class RoomSignal(models.Model):
    """One message of a browser to another (SDP or ICE candidates, RFC 8829); gone once read, or expired."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    sender = models.ForeignKey(RoomParticipant, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(RoomParticipant, on_delete=models.CASCADE, related_name="signals")
    sender_epoch = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    body = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "providers"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RoomLine(models.Model):
    """One line of the chat: plain text, kept until the room closes; outlives its writer's leaving."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="lines")
    peer = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    text = models.CharField(max_length=1000)
    said_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "providers"

    def __str__(self) -> str:
        return f"line {self.pk}"
