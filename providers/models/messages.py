"""What leaves for people and programs: mail messages, webhook endpoints, and the notices sent to them.

A message and a notice move queued -> sending -> sent or failed; what was cancelled first is withdrawn.
`sending` is committed before the conversation starts; whoever finds it there does not know whether the last
attempt arrived, sends again under the same Message-ID (or webhook-id), and counts it in `repeats`.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

STATES = ("queued", "sending", "sent", "failed", "withdrawn")


class State(models.TextChoices):
    """Where a message or a notice stands."""

    QUEUED = "queued", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not sent"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Message(models.Model):
    """One mail to one recipient, kept as it was written; `dedupe_key` allows it to be queued once."""

    kind = models.CharField(max_length=40)
    booking_uid = models.CharField(max_length=40, db_index=True)
    dedupe_key = models.CharField(max_length=160, unique=True)
    message_id = models.CharField(max_length=255, unique=True)
    sender_name = models.CharField(max_length=200)
    reply_to = models.CharField(max_length=254, blank=True, default="")
    to_name = models.CharField(max_length=200, blank=True, default="")
    to_address = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    ics = models.TextField(blank=True, default="")
    ics_method = models.CharField(max_length=10, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(
        null=True, help_text="when its receiver's server reported that it failed"
    )
    failed_words = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="message_state"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_at_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(bounced_at=None) | Q(state="sent"), name="message_bounced_when_sent"
            ),
            models.CheckConstraint(
                condition=Q(ics="", ics_method="") | (~Q(ics="") & Q(ics_method__in=("REQUEST", "CANCEL"))),
                name="message_invite_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} message {self.pk}"

    @property
    def fate(self) -> str:
        """The state, or "bounced" where a mail that was sent came back."""
        return "bounced" if self.bounced_at else self.state


class WebhookEndpoint(models.Model):
    """A tenant's address for notices. The signing secret is sealed; an empty `events` means all of them.

    A chat's address is its only secret: it is sealed, and `url` holds what may be shown of it.
    """

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        DISCORD = "discord", "Discord"
        MATTERMOST = "mattermost", "Mattermost"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.WEBHOOK)
    url = models.URLField(max_length=500)
    sealed_url = models.BinaryField(default=b"")
    events = models.JSONField(default=list)
    sealed_secret = models.BinaryField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    last_sent_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["url"], name="webhook_endpoint_once"),
            models.CheckConstraint(
                condition=Q(kind="webhook", sealed_url=b"") | (~Q(kind="webhook") & ~Q(sealed_url=b"")),
                name="webhook_endpoint_chat_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook endpoint {self.pk}"


class Notice(models.Model):
    """One webhook call to one endpoint; `body` is the exact text that is signed and sent."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField(max_length=40)
    booking_uid = models.CharField(max_length=40, db_index=True)
    dedupe_key = models.CharField(max_length=160)
    notice_id = models.CharField(max_length=64, unique=True)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    status_code = models.PositiveIntegerField(null=True)
    failed_words = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "dedupe_key"], name="notice_once_per_endpoint"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="notice_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event} notice {self.pk}"
