"""The built-in room: one row per key; its token is the link, its secret proves that our page answered."""

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
