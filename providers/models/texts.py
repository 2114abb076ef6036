"""Text messages: who carries them for a business, and each one that was sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

STATES = ("queued", "sending", "sent", "delivered", "failed", "withdrawn")


class TextCarrier(models.Model):
    """One row a tenant at most; without a row no text is offered or sent.

    `account` and `sender` are Twilio's (account SID; a number or a messaging service's SID), `url` the generic
    gateway's. The secret (auth token, bearer token) is sealed.
    """

    class Kind(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        GATEWAY = "gateway", "HTTP gateway"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    account = models.CharField(max_length=64, blank=True, default="")
    sender = models.CharField(max_length=64, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    sealed_secret = models.BinaryField()
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="text_carrier_one_row"),
            models.CheckConstraint(
                condition=Q(kind="twilio", url="") & ~Q(account="") & ~Q(sender="")
                | Q(kind="gateway", account="", sender="") & ~Q(url=""),
                name="text_carrier_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"texts by {self.kind}"


class TextMessage(models.Model):
    """One text to one number, kept as it was written; `dedupe_key` allows it to be queued once.

    It moves queued -> sending -> sent -> delivered, or failed; a carrier may report a failure after it was sent.
    `sending` is committed before the carrier is asked; whoever finds it there counts a repeat. `reference` names it
    where its carrier calls us.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Not delivered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    kind = models.CharField(max_length=20)
    booking_uid = models.CharField(max_length=40, db_index=True)
    dedupe_key = models.CharField(max_length=160, unique=True)
    reference = models.CharField(max_length=40, unique=True)
    to_name = models.CharField(max_length=200, blank=True, default="")
    to_number = models.CharField(max_length=16)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    remote_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True, help_text="when its carrier last said what became of it")
    failed_words = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="text_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} text {self.pk}"
