"""Manage links: derived, never stored, so that an idempotent replay can return them; void after a reschedule."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings

from booking.choosing import choices_of
from booking.models import Booking, Meeting, Move, Series
from kernel.tenancy import current_schema
from tenants.api import tenant_url

FORMER_TOKEN_TELLS = timedelta(minutes=10)


def manage_token(booking: Booking) -> str:
    """Return the token of a booking's manage page: HMAC of tenant, uid and version, 192 bits, URL-safe."""
    return _token(booking.uid, booking.manage_version)


def is_manage_token(booking: Booking, token: str) -> bool:
    """Say whether `token` opens this booking; compared in constant time."""
    return hmac.compare_digest(manage_token(booking).encode(), token.encode("utf-8", "replace"))


def is_former_token(booking: Booking, token: str, *, now: datetime) -> bool:
    """Say whether `token` opened this booking until a reschedule of the last ten minutes made it void: whoever
    asked for that may still learn what became of it."""
    asked = Move.objects.filter(
        booking=booking, status=Move.Status.CONFIRMED, host=None, created_at__gte=now - FORMER_TOKEN_TELLS
    )
    former = _token(booking.uid, booking.manage_version - 1).encode()
    return hmac.compare_digest(former, token.encode("utf-8", "replace")) and asked.exists()


def _token(uid: str, version: int) -> str:
    message = f"manage|{current_schema()}|{uid}|{version}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def manage_url(booking: Booking) -> str:
    """Return the absolute address of the booking's page, built from the tenant's Domain."""
    return tenant_url(None, manage_path(booking))


def manage_path(booking: Booking) -> str:
    """Return the path of the booking's page."""
    return f"/b/{booking.uid}/{manage_token(booking)}/"


def series_token(series: Series) -> str:
    """Return the token of a series' manage page: HMAC of tenant and uid, 192 bits, URL-safe; never stored."""
    message = f"series|{current_schema()}|{series.uid}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def is_series_token(series: Series, token: str) -> bool:
    """Say whether `token` opens this series; compared in constant time."""
    return hmac.compare_digest(series_token(series).encode(), token.encode("utf-8", "replace"))


def series_url(series: Series) -> str:
    """Return the absolute address of the series' manage page."""
    return tenant_url(None, series_path(series))


def series_path(series: Series) -> str:
    """Return the address of the series' manage page on the business's host."""
    return f"/series/{series.uid}/{series_token(series)}/"


def book_again_path(meeting: Meeting) -> str:
    """Return the path of the page where another meeting of this type is booked, as long and at the same place."""
    path, choices = f"/book/{meeting.event_type.slug}/", choices_of(meeting)
    return f"{path}?{urlencode(choices)}" if choices else path


def event_uid(meeting_uid: str) -> str:
    """Return the UID of a meeting's invite and calendar event; the busy index knows our own by it."""
    return f"{meeting_uid}@{current_schema()}.holdfast"
