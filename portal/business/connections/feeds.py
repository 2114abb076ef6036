"""A calendar of a host that is published as a file: subscribed to by its address, and only read."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from booking.api import Host
from kernel.http import HttpError
from portal.business.connections.calendars import not_found, own_host
from portal.business.connections.forms import FeedForm
from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import CalendarConnection, ProviderError, connect_feed, explain_feed


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def subscribe(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Ask for the address; POST reads the calendar once, and keeps it or says what is wrong."""
    host = own_host(viewer, host_id)
    if host is None:
        return not_found(request, viewer)
    form = FeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kept = _connect(request, viewer, host, form)
        if kept is not None:
            messages.success(request, f"Subscribed. {host.name} is not offered when this calendar is busy.")
            return see_other("business:calendar", connection_id=kept.pk)
    context = {"viewer": viewer, "here": "connections", "host": host, "form": form}
    return render(request, "business/connections/subscribe.html", context, status=422 if form.errors else 200)


def _connect(request: HttpRequest, viewer: Viewer, host: Host, form: FeedForm) -> CalendarConnection | None:
    """Connect what the form says; a failure is written to its field."""
    if wait := too_fast(request, viewer):
        form.add_error("url", wait)
        return None
    try:
        return connect_feed(
            host.pk,
            address=form.cleaned_data["url"],
            now=viewer.now,
            time_zone=host.time_zone,
            addresses=[host.email],
            actor=viewer.actor,
        )
    except ProviderError as error:
        form.add_error("url", explain_feed(error, address=form.cleaned_data["url"]).words)
    except HttpError as error:  # an address that cannot even be asked
        form.add_error("url", error.message)
    return None
