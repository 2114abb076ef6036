"""The portal's addresses, below /portal/."""

from django.urls import path

from portal.business.booking import booking
from portal.business.bookings import bookings, home
from portal.business.cancelling import cancel
from portal.business.messages import message, message_html, messages
from portal.business.rescheduling import reschedule
from portal.business.runs import run, runs
from portal.business.undoing import undo_run, undo_step

app_name = "business"
urlpatterns = [
    path("", home, name="home"),
    path("bookings/", bookings, name="bookings"),
    path("bookings/<slug:uid>/", booking, name="booking"),
    path("bookings/<slug:uid>/cancel/", cancel, name="cancel"),
    path("bookings/<slug:uid>/reschedule/", reschedule, name="reschedule"),
    path("what-ran/", runs, name="runs"),
    path("what-ran/<int:run_id>/", run, name="run"),
    path("what-ran/<int:run_id>/undo/", undo_run, name="undo_run"),
    path("what-ran/<int:run_id>/undo/<int:step_id>/", undo_step, name="undo_step"),
    path("messages/", messages, name="messages"),
    path("messages/<int:message_id>/", message, name="message"),
    path("messages/<int:message_id>/html/", message_html, name="message_html"),
]
