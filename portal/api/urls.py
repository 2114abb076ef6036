"""The addresses of API v1, included below /api/v1/; what is not one of them is a problem document too."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from portal.api.bookings import BookingsView
from portal.api.one_booking import ApproveView, BookingView, CancelView, DeclineView, RescheduleView
from portal.api.problems import problem
from portal.api.series import CancelSeriesView, SeriesView
from portal.api.slots import SlotsView

app_name = "api"


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes it
    """Return 404 in the API's own form."""
    return problem("not_found", "The API has no such address. It has /api/v1/slots and /api/v1/bookings.")


urlpatterns = [
    path("slots", SlotsView.as_view(), name="slots"),
    path("series/<str:uid>", SeriesView.as_view(), name="series"),
    path("series/<str:uid>/cancel", CancelSeriesView.as_view(), name="cancel_series"),
    path("bookings", BookingsView.as_view(), name="bookings"),
    path("bookings/<str:uid>", BookingView.as_view(), name="booking"),
    path("bookings/<str:uid>/approve", ApproveView.as_view(), name="approve"),
    path("bookings/<str:uid>/decline", DeclineView.as_view(), name="decline"),
    path("bookings/<str:uid>/cancel", CancelView.as_view(), name="cancel"),
    path("bookings/<str:uid>/reschedule", RescheduleView.as_view(), name="reschedule"),
    re_path("", no_such_address, name="nothing"),
]
