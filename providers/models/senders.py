"""How a business's mail leaves: its language, who it is from, where answers go, and its own server or mail
service if it has one."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class MailSettings(models.Model):
    """One row a tenant. Empty fields mean: the business's name, the first host, the platform's address and server.

    With an own server `from_address` is an address of that server's, and the password is sealed. A mail service is a
    server whose `scheme` is its name and whose password is its key (`providers.mail.servers`).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    language = models.CharField(max_length=5, default="en")
    sender_name = models.CharField(max_length=120, blank=True, default="")
    reply_to = models.CharField(max_length=254, blank=True, default="")
    from_address = models.CharField(max_length=254, blank=True, default="")
    scheme = models.CharField(
        max_length=13, blank=True, default="", help_text="smtp, smtps, smtp+starttls, or a mail service"
    )
    host = models.CharField(max_length=253, blank=True, default="")
    port = models.PositiveIntegerField(default=0)
    username = models.CharField(max_length=254, blank=True, default="")
    sealed_password = models.BinaryField(default=b"")
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "providers"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="mail_settings_one_row"),
            models.CheckConstraint(
                condition=Q(host="", from_address="", scheme="", port=0)
                | (~Q(host="") & ~Q(from_address="") & ~Q(scheme="") & Q(port__gt=0)),
                name="mail_settings_server_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return "mail settings"
