"""Who asked for texts: a client's number, given with consent for one booking."""

from django.db import models

from booking.models.bookings import Booking


class TextConsent(models.Model):
    """The number (E.164) that a client gave with one booking, and when they agreed to texts about it."""

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="text_consent")
    number = models.CharField(max_length=16)
    consented_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"texts for booking {self.booking_id}"
