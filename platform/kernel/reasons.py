"""Why a start is not offered or a booking was refused: one enumeration for page, API, portal and ledger."""

from enum import StrEnum


class Reason(StrEnum):
    """The reason codes of the product; the value is what the API and the ledger carry."""

    SLOT_TAKEN = "slot_taken"
    OUTSIDE_HOURS = "outside_hours"
    DATE_OVERRIDE = "date_override"
    OUT_OF_OFFICE = "out_of_office"
    HOST_BUSY = "host_busy"
    CALENDAR_BUSY = "calendar_busy"
    CALENDAR_STALE = "calendar_stale"
    BUFFER = "buffer"
    NOTICE_TOO_SHORT = "notice_too_short"
    OUTSIDE_WINDOW = "outside_window"
    LIMIT_REACHED = "limit_reached"
    SEATS_FULL = "seats_full"
    LINK_UNVERIFIED = "link_unverified"
    HOLD_EXPIRED = "hold_expired"
    TOO_MANY_HOLDS = "too_many_holds"
    TENANT_PAUSED = "tenant_paused"
    TENANT_SUSPENDED = "tenant_suspended"
