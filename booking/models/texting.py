"""Who asked for texts: a client's number, given with consent for one booking, and taken back."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from booking.models.bookings import Booking


class TextConsent(models.Model):
    """The number (E.164) that a client gave with one booking, and when they agreed to texts about it.

    Once they took that back the number is gone, and the two moments stay.
    """

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="text_consent")
    number = models.CharField(max_length=16, blank=True)
    consented_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) & ~Q(number="") | Q(withdrawn_at__isnull=False, number=""),
                name="text_consent_number_until_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"texts for booking {self.booking_id}"
