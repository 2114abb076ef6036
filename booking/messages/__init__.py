"""What people and programs are told about a booking: pure functions from plain values to drafts.

One file per occasion. They import no model and read no clock; the caller queues what they return.
"""

from booking.messages.approval import (
    approval_for_host,
    declined_for_attendee,
    pending_for_attendee,
    unanswered_for_attendee,
)
from booking.messages.cancellation import cancellation_for_attendee, cancellation_for_host
from booking.messages.confirmation import confirmation_for_attendee, confirmation_for_host
from booking.messages.facts import Alternative, BookingFacts, Business, HostFacts
from booking.messages.failed import failed_for_attendee, move_failed_for_attendee
from booking.messages.guests import Told, cancellation_for_guest, invite_for_guest
from booking.messages.incident import IncidentFacts, incident_closed, incident_data, incident_opened
from booking.messages.moved import left_for_attendee, left_for_host, moved_for_attendee, moved_for_host
from booking.messages.new_link import new_link_for_attendee, new_link_for_host
from booking.messages.notices import (
    booking_cancelled,
    booking_confirmed,
    booking_reassigned,
    booking_rescheduled,
)
from booking.messages.reassigned import handed_over_for_host, reassigned_for_attendee, reassigned_for_host
from booking.messages.reminder import reminder_for_attendee, reminder_for_guest
from booking.messages.team import What, team_notice
from booking.messages.texts import TextWhat, text_for_attendee

__all__ = [
    "Alternative",
    "BookingFacts",
    "Business",
    "HostFacts",
    "IncidentFacts",
    "TextWhat",
    "Told",
    "What",
    "approval_for_host",
    "booking_cancelled",
    "booking_confirmed",
    "booking_reassigned",
    "booking_rescheduled",
    "cancellation_for_attendee",
    "cancellation_for_guest",
    "cancellation_for_host",
    "confirmation_for_attendee",
    "confirmation_for_host",
    "declined_for_attendee",
    "failed_for_attendee",
    "handed_over_for_host",
    "incident_closed",
    "incident_data",
    "incident_opened",
    "invite_for_guest",
    "left_for_attendee",
    "left_for_host",
    "move_failed_for_attendee",
    "moved_for_attendee",
    "moved_for_host",
    "new_link_for_attendee",
    "new_link_for_host",
    "pending_for_attendee",
    "reassigned_for_attendee",
    "reassigned_for_host",
    "reminder_for_attendee",
    "reminder_for_guest",
    "team_notice",
    "text_for_attendee",
    "unanswered_for_attendee",
]
