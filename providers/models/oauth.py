"""OAuth: the business's own client id, and the accounts that hosts connected. Every secret is sealed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

VENDORS = ("google", "microsoft", "zoom")


class OAuthApp(models.Model):
    """A client id and secret that the business brought itself; without a row the platform's are used.

    `directory` is Microsoft's tenant ("common", a domain or an id); "" at Google.
    """

    vendor = models.CharField(max_length=20, unique=True)
    client_id = models.CharField(max_length=255)
    sealed_secret = models.BinaryField()
    directory = models.CharField(max_length=100, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(vendor__in=VENDORS), name="oauth_app_vendor")
        ]

    def __str__(self) -> str:
        return f"client of {self.vendor}"


class OAuthAccount(models.Model):
    """One account of one host at a vendor, with the tokens that its owner granted to `client_id`.

    `version` counts the tokens: each renewal raises it, guarded by it, so that of two renewals one is kept.
    `renewing_until` is the claim of the one who renews now; `ended_at` says that only the owner can help.
    """

    vendor = models.CharField(max_length=20)
    host_id = models.BigIntegerField(db_index=True)
    subject = models.CharField(max_length=254)
    client_id = models.CharField(max_length=255)
    directory = models.CharField(max_length=100, blank=True, default="")
    scopes = models.JSONField(default=list)
    sealed_refresh_token = models.BinaryField()
    sealed_access_token = models.BinaryField()
    access_expires_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    renewing_until = models.DateTimeField(null=True)
    connected_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_words = models.TextField(blank=True, default="")

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["host_id", "vendor", "subject"], name="oauth_account_once"),
            models.CheckConstraint(condition=Q(vendor__in=VENDORS), name="oauth_account_vendor"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} account {self.pk} of host {self.host_id}"
