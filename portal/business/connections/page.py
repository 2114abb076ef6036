"""The connections' one page: calendars per host; for owners and admins also meetings, notices and webhooks."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.api import Role, User
from booking.api import Host
from portal.business.connections.states import State, connection_state, endpoint_state, room_state
from portal.business.connections.vendors import vendors
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    CHATS,
    Calendar,
    CalendarConnection,
    ProviderError,
    Vendor,
    app_credentials,
    calendar_connections,
    is_simulated,
    jitsi_server,
    vendor,
    webhook_endpoints,
    zoom_organisation,
)


@dataclass(frozen=True, kw_only=True)
class ConnectionView:
    """One connected account as the page shows it."""

    connection: CalendarConnection
    provider: str
    vendor: Vendor | None
    is_feed: bool
    calendars: tuple[Calendar, ...]
    state: State
    written: str


@dataclass(frozen=True, kw_only=True)
class HostCalendars:
    """A host and what is connected for them."""

    host: Host
    connections: tuple[ConnectionView, ...]


@require_safe
@portal_page()
def connections(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what is connected, how it stands and since when."""
    receivers = (
        [(each, endpoint_state(each)) for each in webhook_endpoints()] if viewer.sees_everything else []
    )
    context = {
        "viewer": viewer,
        "here": "connections",
        "hosts": host_calendars(viewer),
        "vendors": [(each, _is_set(each)) for each in vendors()],
        "room": room_state(_urls("HOLDFAST_STUN_URLS"), _urls("HOLDFAST_TURN_URLS")),
        "endpoints": [each for each in receivers if each[0].kind == "webhook"],
        "chats": [(*each, is_simulated(each[0])) for each in receivers if each[0].kind != "webhook"],
        "jitsi": jitsi_server() if viewer.sees_everything else None,
        "zoom": viewer.sees_everything and zoom_organisation() is not None,
        "chat_kinds": CHATS.values(),
        "told": User.objects.filter(role__in=[Role.OWNER, Role.ADMIN], is_active=True).order_by("pk")
        if viewer.sees_everything
        else [],
    }
    return render(request, "business/connections/page.html", context)


def host_calendars(viewer: Viewer) -> list[HostCalendars]:
    """Return the hosts that the viewer may see with their connections; three queries."""
    hosts = Host.objects.filter(active=True)
    if viewer.only_host is not None:
        hosts = hosts.filter(pk=viewer.only_host)
    found = list(hosts)
    kept = calendar_connections([host.pk for host in found])
    return [
        HostCalendars(
            host=host,
            connections=tuple(
                connection_view(each, host.name, viewer) for each in kept if each.host_id == host.pk
            ),
        )
        for host in found
    ]


def connection_view(connection: CalendarConnection, host: str, viewer: Viewer) -> ConnectionView:
    """Return a connection with its calendars in order, and its state in words."""
    calendars = tuple(sorted(connection.calendars.all(), key=lambda calendar: calendar.pk))
    there = vendor(connection.kind) if connection.account is not None else None
    return ConnectionView(
        connection=connection,
        provider=there.calendar_name if there else _place(connection),
        vendor=there,
        is_feed=connection.kind == CalendarConnection.FEED,
        calendars=calendars,
        state=connection_state(connection, calendars, host=host, now=viewer.now, zone=viewer.zone),
        written=next((calendar.name for calendar in calendars if calendar.is_destination), ""),
    )


def _place(connection: CalendarConnection) -> str:
    """Return where it is: the address that was typed, or of a published file its server alone."""
    if connection.kind == CalendarConnection.FEED:
        return f"published at {urlsplit(connection.url).hostname}, read only"
    return connection.url


def _is_set(there: Vendor) -> str:
    """Return where the client id for a vendor is set: "portal", "environment", "" nowhere. One query."""
    try:
        return app_credentials(there).source
    except ProviderError:
        return ""


def _urls(name: str) -> list[str]:
    return list(getattr(settings, name, ()) or ())
