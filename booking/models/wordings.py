"""The business's own words in its clients' mails: each change is a row, the newest of an occasion counts."""

from django.db import models

from booking.messages.wording import Wording


class MessageWording(models.Model):
    """One version of the words of an occasion in a language; empty fields mean the shipped words."""

    id = models.BigAutoField(primary_key=True)
    occasion = models.CharField(max_length=20)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200, blank=True, default="")
    heading = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField(blank=True, default="")
    footer = models.CharField(max_length=500, blank=True, default="")
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80, help_text="actor as the ledger names it")

    class Meta:
        indexes = [models.Index(name="booking_messagewording_now", fields=["language", "occasion", "-id"])]

    def __str__(self) -> str:
        return f"{self.occasion} in {self.language}, version {self.pk}"

    @property
    def wording(self) -> Wording:
        """The words as values."""
        return Wording(subject=self.subject, heading=self.heading, body=self.body, footer=self.footer)
