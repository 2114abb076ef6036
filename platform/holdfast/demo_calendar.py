"""Connecting Ana's calendar to the demo's own CalDAV server."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from booking.api import Host
from kernel.tenancy import PUBLIC, entered
from providers.api import ProviderError, connect_caldav, has_calendars
from tenants.api import Tenant


def connect_demo_calendar(*, now: datetime, say: Callable[[str], object]) -> None:
    """Connect host `ana` of Acme to HOLDFAST_CALDAV_DEMO_URL, once; say so, or say why not."""
    url = settings.HOLDFAST_CALDAV_DEMO_URL
    if not url:
        return
    with entered(PUBLIC):
        schema = Tenant.objects.get(slug="acme").schema_name
    with entered(schema):
        ana = Host.objects.get(slug="ana")
        if has_calendars([ana.pk]):
            return
        try:
            connect_caldav(
                ana.pk,
                url=url,
                username=settings.HOLDFAST_CALDAV_DEMO_USER,
                password=settings.HOLDFAST_CALDAV_DEMO_PASSWORD,
                addresses=[ana.email],
                now=now,
            )
        except ProviderError as error:
            say(f"  Ana's demo calendar could not be connected: {error.message}")
        else:
            say(f"  connected Ana's calendar at {url}")
