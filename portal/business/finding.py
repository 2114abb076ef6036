"""What the command palette finds: a few bookings by name, address or reference, as JSON."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from booking.api import Booking
from booking.api import bookings as find_bookings
from portal.business import times
from portal.business.viewer import Viewer, portal_page
from portal.business.words import BOOKING, word

_MOST = 6
_SHORTEST, _LONGEST = 2, 100


@require_safe
@portal_page()
def find(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer `{"bookings": [{"title", "detail", "address"}]}`, at most six, of those the viewer may see."""
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST]
    if len(wanted) < _SHORTEST:
        return JsonResponse({"bookings": []})
    rows = find_bookings(search=wanted, host_id=viewer.only_host, latest_first=True).rows[:_MOST]
    return JsonResponse({"bookings": [_found(row, viewer) for row in rows]})


def _found(booking: Booking, viewer: Viewer) -> dict[str, str]:
    when = times.moment(booking.meeting.starts_at, viewer.zone, viewer.today)
    state = word(BOOKING, booking.status).label
    return {
        "title": booking.attendee_name,
        "detail": f"{booking.meeting.event_type.title} · {when} · {state}",
        "address": reverse("business:booking", kwargs={"uid": booking.uid}),
    }
