"""One host's calendar account: connect, change, choose what is read and written, test, disconnect."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from booking.api import Host
from kernel.http import HttpError
from portal.business.connections.forms import FIELD_OF_SETTING, CalDavForm
from portal.business.connections.pace import too_fast
from portal.business.connections.page import connection_view
from portal.business.paging import row_id
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    CalendarConnection,
    ConnectionNotFound,
    ProviderError,
    calendar_connections,
    check_connection,
    choose_calendars,
    connect_caldav,
    disconnect_calendar,
    explain,
    get_calendar_connection,
    vendor,
)


def own_connection(
    view: Callable[[HttpRequest, Viewer, CalendarConnection, Host], HttpResponse],
) -> Callable[[HttpRequest, Viewer, int], HttpResponse]:
    """Give the view the connection and its host; somebody else's is the same 404 as none."""

    @wraps(view)
    def found(request: HttpRequest, viewer: Viewer, connection_id: int) -> HttpResponse:
        try:
            connection = get_calendar_connection(connection_id)
        except ConnectionNotFound:
            return not_found(request, viewer)
        host = own_host(viewer, connection.host_id)
        return not_found(request, viewer) if host is None else view(request, viewer, connection, host)

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def connect(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Ask for a CalDAV account; POST signs in there and finds its calendars, or names the wrong setting."""
    host = own_host(viewer, host_id)
    if host is None:
        return not_found(request, viewer)
    form = CalDavForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kept = _connect(request, viewer, host, form)
        if kept is not None:
            messages.success(request, f"Connected. Choose now which calendars of {host.name} count.")
            return see_other("business:calendar", connection_id=kept.pk)
    return _form(request, viewer, host, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
@own_connection
def change(request: HttpRequest, viewer: Viewer, connection: CalendarConnection, host: Host) -> HttpResponse:
    """Renew the password, or move to another account, which takes the place of this one once it works."""
    if connection.account is not None:
        return see_other("business:connect_account", kind=connection.kind, host_id=host.pk)
    if connection.kind == CalendarConnection.FEED:
        return see_other("business:subscribe_calendar", host_id=host.pk)
    form = CalDavForm(request.POST or None, initial={"url": connection.url, "username": connection.username})
    if request.method == "POST" and form.is_valid():
        kept = _connect(request, viewer, host, form)
        if kept is not None:
            if kept.pk != connection.pk:
                disconnect_calendar(connection, actor=viewer.actor)
            messages.success(request, "Changed, and it works.")
            return see_other("business:calendar", connection_id=kept.pk)
    return _form(request, viewer, host, form, connection)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
@own_connection
def calendar(
    request: HttpRequest, viewer: Viewer, connection: CalendarConnection, host: Host
) -> HttpResponse:
    """Show one account; POST chooses which calendars are read for conflicts, and which one is written to."""
    if request.method == "POST":
        reads = {pk for said in request.POST.getlist("reads") if (pk := row_id(said)) is not None}
        writes = row_id(request.POST.get("writes", ""))
        choose_calendars(connection, reads=reads, writes=writes, actor=viewer.actor)
        messages.success(request, "Saved, and signed in the ledger.")
        return see_other("business:calendar", connection_id=connection.pk)
    others = [each for each in calendar_connections([host.pk]) if each.pk != connection.pk]
    elsewhere = [each.name for other in others for each in other.calendars.all() if each.is_destination]
    context = {
        "viewer": viewer,
        "here": "connections",
        "host": host,
        "view": connection_view(connection, host.name, viewer),
        "elsewhere": elsewhere[0] if elsewhere else "",
    }
    return render(request, "business/connections/calendar.html", context)


@require_POST
@portal_page()
@own_connection
def test(request: HttpRequest, viewer: Viewer, connection: CalendarConnection, host: Host) -> HttpResponse:  # noqa: ARG001  every such view takes it
    """Try the connection now, from name to calendars, and say what is wrong, or that all is well."""
    wait = too_fast(request, viewer)
    if wait:
        messages.warning(request, wait)
        return see_other("business:calendar", connection_id=connection.pk)
    seen = check_connection(connection, now=viewer.now)
    say = messages.error if seen.setting else messages.success
    say(request, f"{'The test failed. ' if seen.setting else 'The connection works. '}{seen.words}")
    return see_other("business:calendar", connection_id=connection.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
@own_connection
def disconnect(
    request: HttpRequest, viewer: Viewer, connection: CalendarConnection, host: Host
) -> HttpResponse:
    """Say what disconnecting costs; POST does it."""
    if request.method == "POST":
        there = vendor(connection.kind) if connection.account is not None else None
        ended = disconnect_calendar(connection, actor=viewer.actor)
        messages.success(request, f"Disconnected. {host.name}’s slots follow the weekly hours alone.")
        if there is not None and ended == "not revoked":
            places = ", ".join(f"{url} ({whose})" for whose, url in there.permissions_urls)
            words = (
                f"{there.name} was not told, or has no way to be. Remove Holdfast there as well: {places}."
            )
            messages.warning(request, words)
        return see_other("business:connections")
    context = {
        "viewer": viewer,
        "here": "connections",
        "host": host,
        "view": connection_view(connection, host.name, viewer),
    }
    return render(request, "business/connections/disconnect.html", context)


def _connect(request: HttpRequest, viewer: Viewer, host: Host, form: CalDavForm) -> CalendarConnection | None:
    """Connect what the form says; a failure is written to the field that is wrong."""
    if wait := too_fast(request, viewer):
        form.add_error("url", wait)
        return None
    said = form.cleaned_data
    try:
        return connect_caldav(
            host.pk,
            url=said["url"],
            username=said["username"],
            password=said["password"],
            now=viewer.now,
            time_zone=host.time_zone,
            addresses=[host.email],
            actor=viewer.actor,
        )
    except ProviderError as error:
        seen = explain(error, url=said["url"])
        form.add_error(FIELD_OF_SETTING[seen.setting], seen.words)
    except HttpError as error:  # an address that cannot even be asked
        form.add_error("url", error.message)
    return None


def _form(
    request: HttpRequest, viewer: Viewer, host: Host, form: CalDavForm, connection: CalendarConnection | None
) -> HttpResponse:
    context = {
        "viewer": viewer,
        "here": "connections",
        "host": host,
        "form": form,
        "connection": connection,
    }
    return render(request, "business/connections/connect.html", context, status=422 if form.errors else 200)


def own_host(viewer: Viewer, host_id: int) -> Host | None:
    """Return the host if the viewer may connect their calendars: hosts the own ones, owners and admins all."""
    if viewer.only_host is not None and viewer.only_host != host_id:
        return None
    return Host.objects.filter(pk=host_id).first()


def not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = {"viewer": viewer, "here": "connections", "what": "calendar connection"}
    return render(request, "business/not_found.html", context, status=404)
