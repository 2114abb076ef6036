"""A business's own Jitsi server: where it is, and the application that may sign for its rooms."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class JitsiServer(models.Model):
    """One row a tenant at most. Without an `app_id` the server lets everybody in who knows a room's name."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    base_url = models.CharField(max_length=200, help_text="https://meet.example.com, no slash at the end")
    app_id = models.CharField(max_length=60, blank=True, default="")
    sealed_secret = models.BinaryField(default=b"")
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="jitsi_one_row"),
            models.CheckConstraint(
                condition=Q(app_id="", sealed_secret=b"") | (~Q(app_id="") & ~Q(sealed_secret=b"")),
                name="jitsi_secret_with_its_application",
            ),
        ]

    def __str__(self) -> str:
        return "Jitsi server"
