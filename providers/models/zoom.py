"""Zoom: the business's own server-to-server app, and the meetings that were made there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from providers.models.oauth import OAuthAccount


class ZoomApp(models.Model):
    """One row a tenant at most: an app of the business's own Zoom account (server-to-server OAuth).

    `user` hosts the meetings of hosts whom the account does not know; "me" is the app's owner.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    account_id = models.CharField(max_length=100)
    client_id = models.CharField(max_length=255)
    sealed_secret = models.BinaryField()
    user = models.CharField(max_length=254, default="me")
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="zoom_one_row")]

    def __str__(self) -> str:
        return "Zoom app"


class ZoomMeeting(models.Model):
    """A meeting that was asked for at Zoom under `key`; live until `cancelled_at`. Written before it is asked for.

    `remote_id` is "" until Zoom said it. A meeting that moves has two keys for one remote id meanwhile, each with its
    own time. `mark` stands in the remote meeting's agenda. `account` is null where the business's app made it. Until
    `asked_until` somebody asks Zoom for it.
    """

    key = models.CharField(max_length=120, unique=True)
    mark = models.CharField(max_length=200)
    meeting_uid = models.CharField(max_length=40, db_index=True)
    account = models.ForeignKey(OAuthAccount, null=True, on_delete=models.SET_NULL, related_name="+")
    by_app = models.BooleanField()
    user = models.CharField(max_length=254, help_text="the Zoom user who hosts it")
    remote_id = models.CharField(max_length=40, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    asked_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "providers"

    def __str__(self) -> str:
        return f"Zoom meeting of {self.meeting_uid}"
