"""The door of the app: import from here, not from the modules behind it."""

from booking.agenda import coming_meetings, pending_bookings, subjects_of_host
from booking.approving import approve, decline, is_approval_token
from booking.attendees import Attendee
from booking.attending import can_mark_no_show, mark_no_show, undo_no_show
from booking.away import Absence, InvalidAbsence, absences, add_absence, end_absence
from booking.cancelling import cancel
from booking.contention.passes import HEADER as CONTENTION_HEADER
from booking.contention.passes import is_pass, make_pass
from booking.contention.performing import MOST_CLIENTS, NotTestable, start_contention_test
from booking.contention.verdict import Answer, Tally, tally
from booking.core.hours import Span
from booking.core.limits import PERIODS, UNITS, InvalidLimits, Limit, checked_limits
from booking.core.reminders import InvalidReminders, checked_reminders
from booking.core.states import Status
from booking.deadlines import complete_ended, expire_due
from booking.errors import (
    WORDS,
    BookingNotFound,
    EventTypeNotFound,
    HoldExpired,
    HostNotFound,
    IdempotencyMismatch,
    InvalidBooking,
    InvalidRange,
    NotChangeable,
    SlotRefused,
)
from booking.facts import booking_facts
from booking.free_times import next_free
from booking.guard import GuardBroken
from booking.health.checking import run_probes, schedule_look, start_check
from booking.health.reading import HealthSummary, HealthView, ProbeView, health, health_summary
from booking.holding import Booked, book, hold, release, submit
from booking.holidays_kept import business_holidays, holidays_of, set_business_holidays, set_host_holidays
from booking.hosting import InvalidProfile, Profile, edit_profile, set_host_limits
from booking.hours_of_hosts import (
    Hours,
    InvalidHours,
    OpenDay,
    booked_between,
    hours_of,
    open_days,
    remove_override,
    set_override,
    set_weekly_hours,
)
from booking.incidents import (
    close_incident,
    get_incident,
    incidents,
    open_incident,
    reopen_incident,
    resolve_incident,
)
from booking.links import event_uid, is_former_token, is_manage_token, manage_token, manage_url
from booking.messages.invitation import invitation_letter
from booking.messages.languages import LANGUAGES
from booking.messages.wording import LONGEST as LONGEST_WORDING
from booking.messages.wording import OCCASIONS, InvalidWording, Wording, placeholders
from booking.models import (
    Booking,
    DateOverride,
    EventType,
    EventTypeHost,
    Host,
    Incident,
    Meeting,
    MeetingHost,
    Move,
    Occupancy,
    OutOfOffice,
    Reminder,
    Resource,
    Schedule,
    WeeklyHours,
)
from booking.moving import move
from booking.offering import (
    LONGEST_BUFFER_MINUTES,
    EventTypeBooked,
    Offering,
    booked_count,
    create_event_type,
    delete_event_type,
    duplicate_event_type,
    edit_event_type,
    offer_event_type,
    place_event_type,
    unsaved_event_type,
)
from booking.offering_checks import MOST_DATES, InvalidOffering
from booking.offers import Slot, SlotPage, Withheld, alternatives, slots
from booking.people import (
    PersonView,
    accept_person,
    deactivate_person,
    give_role,
    invite_person,
    open_to_bookings,
    people,
    person,
    reactivate_person,
    standing_meetings,
    withdraw_person,
)
from booking.privileges import restrict_booking
from booking.probe import probe_hold
from booking.progress import Progress, ProgressLine, progress
from booking.public_holidays import (
    NO_HOLIDAYS,
    Place,
    UnknownPlace,
    countries,
    holidays_between,
    place_words,
    regions,
)
from booking.questions import (
    KINDS as QUESTION_KINDS,
)
from booking.questions import (
    LONGEST_LABEL,
    MOST_QUESTIONS,
    YES,
    Question,
    questions_of,
)
from booking.reading import (
    BookingPage,
    bookable_hosts,
    bookings,
    get_booking,
    get_event_type,
    get_host,
    offered_event_types,
)
from booking.reassigning import reassign, reassignable_hosts
from booking.reminding import reminders
from booking.repairs.passes import Planned, ask_fixer, dry_run, repairs
from booking.resending import send_again, sendable_again
from booking.rooms import InvalidResource, edit_resource, make_resource, rooms_and_equipment
from booking.schedules import (
    InvalidSchedule,
    ScheduleView,
    change_schedule,
    create_schedule,
    delete_schedule,
    make_default_schedule,
    schedules_of,
)
from booking.sentences import booking_sentence, when
from booking.signing import person_of, subject_of, subjects_of
from booking.trying_link import LinkTrial, try_link
from booking.usage import Usage, usage
from booking.wording_preview import preview_mail
from booking.wordings import (
    WordingNotFound,
    change_wording,
    reset_wording,
    undo_wording,
    wording_versions,
    wordings_in_force,
)
from kernel.errors import Busy

__all__ = [
    "CONTENTION_HEADER",
    "LANGUAGES",
    "LONGEST_BUFFER_MINUTES",
    "LONGEST_LABEL",
    "LONGEST_WORDING",
    "MOST_CLIENTS",
    "MOST_DATES",
    "MOST_QUESTIONS",
    "NO_HOLIDAYS",
    "OCCASIONS",
    "PERIODS",
    "QUESTION_KINDS",
    "UNITS",
    "WORDS",
    "YES",
    "Absence",
    "Answer",
    "Attendee",
    "Booked",
    "Booking",
    "BookingNotFound",
    "BookingPage",
    "Busy",
    "DateOverride",
    "EventType",
    "EventTypeBooked",
    "EventTypeHost",
    "EventTypeNotFound",
    "GuardBroken",
    "HealthSummary",
    "HealthView",
    "HoldExpired",
    "Host",
    "HostNotFound",
    "Hours",
    "IdempotencyMismatch",
    "Incident",
    "InvalidAbsence",
    "InvalidBooking",
    "InvalidHours",
    "InvalidLimits",
    "InvalidOffering",
    "InvalidProfile",
    "InvalidRange",
    "InvalidReminders",
    "InvalidResource",
    "InvalidSchedule",
    "InvalidWording",
    "Limit",
    "LinkTrial",
    "Meeting",
    "MeetingHost",
    "Move",
    "NotChangeable",
    "NotTestable",
    "Occupancy",
    "Offering",
    "OpenDay",
    "OutOfOffice",
    "PersonView",
    "Place",
    "Planned",
    "ProbeView",
    "Profile",
    "Progress",
    "ProgressLine",
    "Question",
    "Reminder",
    "Resource",
    "Schedule",
    "ScheduleView",
    "Slot",
    "SlotPage",
    "SlotRefused",
    "Span",
    "Status",
    "Tally",
    "UnknownPlace",
    "Usage",
    "WeeklyHours",
    "Withheld",
    "Wording",
    "WordingNotFound",
    "absences",
    "accept_person",
    "add_absence",
    "alternatives",
    "approve",
    "ask_fixer",
    "book",
    "bookable_hosts",
    "booked_between",
    "booked_count",
    "booking_facts",
    "booking_sentence",
    "bookings",
    "business_holidays",
    "can_mark_no_show",
    "cancel",
    "change_schedule",
    "change_wording",
    "checked_limits",
    "checked_reminders",
    "close_incident",
    "coming_meetings",
    "complete_ended",
    "countries",
    "create_event_type",
    "create_schedule",
    "deactivate_person",
    "decline",
    "delete_event_type",
    "delete_schedule",
    "dry_run",
    "duplicate_event_type",
    "edit_event_type",
    "edit_profile",
    "edit_resource",
    "end_absence",
    "event_uid",
    "expire_due",
    "get_booking",
    "get_event_type",
    "get_host",
    "get_incident",
    "give_role",
    "health",
    "health_summary",
    "hold",
    "holidays_between",
    "holidays_of",
    "hours_of",
    "incidents",
    "invitation_letter",
    "invite_person",
    "is_approval_token",
    "is_former_token",
    "is_manage_token",
    "is_pass",
    "make_default_schedule",
    "make_pass",
    "make_resource",
    "manage_token",
    "manage_url",
    "mark_no_show",
    "move",
    "next_free",
    "offer_event_type",
    "offered_event_types",
    "open_days",
    "open_incident",
    "open_to_bookings",
    "pending_bookings",
    "people",
    "person",
    "person_of",
    "place_event_type",
    "place_words",
    "placeholders",
    "preview_mail",
    "probe_hold",
    "progress",
    "questions_of",
    "reactivate_person",
    "reassign",
    "reassignable_hosts",
    "regions",
    "release",
    "reminders",
    "remove_override",
    "reopen_incident",
    "repairs",
    "reset_wording",
    "resolve_incident",
    "restrict_booking",
    "rooms_and_equipment",
    "run_probes",
    "schedule_look",
    "schedules_of",
    "send_again",
    "sendable_again",
    "set_business_holidays",
    "set_host_holidays",
    "set_host_limits",
    "set_override",
    "set_weekly_hours",
    "slots",
    "standing_meetings",
    "start_check",
    "start_contention_test",
    "subject_of",
    "subjects_of",
    "subjects_of_host",
    "submit",
    "tally",
    "try_link",
    "undo_no_show",
    "undo_wording",
    "unsaved_event_type",
    "usage",
    "when",
    "withdraw_person",
    "wording_versions",
    "wordings_in_force",
]
