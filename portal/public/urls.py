"""Addresses of the client's pages, from the root of a tenant's host."""

from django.urls import path

from portal.brand import BRAND_PATH, stylesheet
from portal.logo import LOGO_PATH, logo
from portal.public.views import access, booked, change, decide, details, home, link_test, pick, series, texts

app_name = "public"

urlpatterns = [
    path("", home.home, name="home"),
    path(BRAND_PATH, stylesheet, name="brand"),
    path(LOGO_PATH, logo, name="logo"),
    path("access/", access.access, name="access"),
    path("access/code/", access.access_code, name="access_code"),
    path("with/<slug:host>/", home.person, name="person"),
    path("book/<slug:event>/", pick.pick, name="pick"),
    path("book/<slug:event>/hold", pick.hold_slot, name="hold"),
    path("series/<slug:uid>/<str:token>/", series.series, name="series"),
    path("series/<slug:uid>/<str:token>/texts/", texts.stop_series_texts, name="stop_series_texts"),
    path("decide/<slug:uid>/<int:host_id>/<str:token>/", decide.decide, name="decide"),
    path("b/<slug:uid>/<str:token>/", booked.booked, name="booking"),
    path("b/<slug:uid>/<str:token>/details/", details.details, name="details"),
    path("b/<slug:uid>/<str:token>/release/", details.release_hold, name="release"),
    path("b/<slug:uid>/<str:token>/progress/", booked.booking_progress, name="progress"),
    path("b/<slug:uid>/<str:token>/meeting.ics", booked.calendar_file, name="calendar_file"),
    path("b/<slug:uid>/<str:token>/test-link/", link_test.test_link, name="test_link"),
    path("b/<slug:uid>/<str:token>/cancel/", change.cancel, name="cancel"),
    path("b/<slug:uid>/<str:token>/reschedule/", change.reschedule, name="reschedule"),
    path("b/<slug:uid>/<str:token>/texts/", texts.stop_texts, name="stop_texts"),
]
