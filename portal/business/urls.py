"""The portal's addresses, below /portal/."""

from django.urls import include, path

from portal.business import texts as text_pages
from portal.business.approving import approve, decline
from portal.business.attending import came, no_show, send_message
from portal.business.booking import booking
from portal.business.bookings import bookings
from portal.business.cancelling import cancel
from portal.business.finding import find
from portal.business.health import check_now, health, repair_now, resolve
from portal.business.hours import hours, hours_preview, own_hours
from portal.business.meeting_type import meeting_type, meeting_type_preview, new_meeting_type
from portal.business.meeting_types import delete, duplicate, meeting_types, offer, place
from portal.business.messages import message, message_html, messages
from portal.business.new_booking import new_booking
from portal.business.overrides import add_override, delete_override
from portal.business.people import invite, people, resend, withdraw
from portal.business.person import bookable, deactivate, person, reactivate, role
from portal.business.reassigning import reassign_booking
from portal.business.rescheduling import reschedule
from portal.business.resources import resource, resources
from portal.business.runs import run, runs
from portal.business.schedules import schedules
from portal.business.time_off import (
    add_time_off,
    end_time_off,
    holidays,
    host_holidays,
    host_limits,
    time_off,
)
from portal.business.today import today
from portal.business.undoing import undo_run, undo_step
from portal.business.why import why

app_name = "business"
urlpatterns = [
    path("", today, name="today"),
    path("find/", find, name="find"),
    path("bookings/", bookings, name="bookings"),
    path("bookings/new/", new_booking, name="new_booking"),
    path("bookings/<slug:uid>/", booking, name="booking"),
    path("bookings/<slug:uid>/approve/", approve, name="approve"),
    path("bookings/<slug:uid>/decline/", decline, name="decline"),
    path("bookings/<slug:uid>/cancel/", cancel, name="cancel"),
    path("bookings/<slug:uid>/reschedule/", reschedule, name="reschedule"),
    path("bookings/<slug:uid>/reassign/", reassign_booking, name="reassign"),
    path("bookings/<slug:uid>/no-show/", no_show, name="no_show"),
    path("bookings/<slug:uid>/came/", came, name="came"),
    path("bookings/<slug:uid>/send-again/", send_message, name="send_again"),
    path("meeting-types/", meeting_types, name="meeting_types"),
    path("meeting-types/new/", new_meeting_type, name="new_meeting_type"),
    path("meeting-types/preview/", meeting_type_preview, name="meeting_type_preview"),
    path("meeting-types/<int:event_type_id>/", meeting_type, name="meeting_type"),
    path("meeting-types/<int:event_type_id>/place/", place, name="place_meeting_type"),
    path("meeting-types/<int:event_type_id>/offer/", offer, name="offer_meeting_type"),
    path("meeting-types/<int:event_type_id>/duplicate/", duplicate, name="duplicate_meeting_type"),
    path("meeting-types/<int:event_type_id>/delete/", delete, name="delete_meeting_type"),
    path("resources/", resources, name="resources"),
    path("resources/<int:resource_id>/", resource, name="resource"),
    path("people/", people, name="people"),
    path("people/invite/", invite, name="invite"),
    path("people/invitations/<int:invitation_id>/resend/", resend, name="resend_invitation"),
    path("people/invitations/<int:invitation_id>/withdraw/", withdraw, name="withdraw_invitation"),
    path("people/<slug:key>/", person, name="person"),
    path("people/<slug:key>/role/", role, name="person_role"),
    path("people/<slug:key>/bookable/", bookable, name="person_bookable"),
    path("people/<slug:key>/deactivate/", deactivate, name="deactivate_person"),
    path("people/<slug:key>/reactivate/", reactivate, name="reactivate_person"),
    path("hours/", own_hours, name="own_hours"),
    path("hours/<int:host_id>/", hours, name="hours"),
    path("hours/<int:host_id>/preview/", hours_preview, name="hours_preview"),
    path("hours/<int:host_id>/dates/", add_override, name="add_override"),
    path("hours/<int:host_id>/dates/delete/", delete_override, name="delete_override"),
    path("hours/<int:host_id>/schedules/", schedules, name="schedules"),
    path("hours/<int:host_id>/time-off/", time_off, name="time_off"),
    path("hours/<int:host_id>/time-off/add/", add_time_off, name="add_time_off"),
    path("hours/<int:host_id>/time-off/<int:absence_id>/delete/", end_time_off, name="end_time_off"),
    path("hours/<int:host_id>/holidays/", host_holidays, name="host_holidays"),
    path("hours/<int:host_id>/limits/", host_limits, name="host_limits"),
    path("holidays/", holidays, name="holidays"),
    path("why/", why, name="why"),
    path("what-ran/", runs, name="runs"),
    path("what-ran/<int:run_id>/", run, name="run"),
    path("what-ran/<int:run_id>/undo/", undo_run, name="undo_run"),
    path("what-ran/<int:run_id>/undo/<int:step_id>/", undo_step, name="undo_step"),
    path("connections/", include("portal.business.connections.urls")),
    path("health/", health, name="health"),
    path("health/check/", check_now, name="check_health"),
    path("health/incidents/<int:incident_id>/repair/", repair_now, name="repair_incident"),
    path("health/incidents/<int:incident_id>/resolve/", resolve, name="resolve_incident"),
    path("settings/", include("portal.business.settings.urls")),
    path("messages/", messages, name="messages"),
    path("messages/", include("portal.business.mail.urls")),
    path("texts/", text_pages.texts, name="texts"),
    path("texts/by/<slug:kind>/", text_pages.carrier, name="text_carrier"),
    path("texts/test/", text_pages.try_text, name="try_text"),
    path("texts/off/", text_pages.switch_off, name="switch_texts_off"),
    path("bookings/<slug:uid>/text-again/", text_pages.text_again, name="text_again"),
    path("messages/<int:message_id>/", message, name="message"),
    path("messages/<int:message_id>/html/", message_html, name="message_html"),
]
