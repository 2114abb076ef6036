"""Filters of the portal's pages; every time is shown in the zone and against the instant of its viewer."""

import json
from datetime import date, datetime
from typing import Any

from django import template

from audit.api import RunView, StepView
from booking.api import Slot
from portal.business import navigation, times, words
from portal.business.viewer import Viewer
from portal.public.picker import slot_detail
from portal.staff import navigation as staff
from tenants.api import current_tenant

register = template.Library()


@register.filter
def navigation_entries(viewer: Viewer) -> tuple[navigation.Entry | staff.Entry, ...]:
    """List the navigation's words for this user: the portal's, or the console's."""
    if viewer.is_staff:
        return staff.ENTRIES
    return navigation.entries(sees_everything=viewer.sees_everything)


@register.filter
def navigation_acts(viewer: Viewer) -> tuple[navigation.Entry, ...]:
    """List the acts of the command palette for this user."""
    return navigation.acts(sees_everything=viewer.sees_everything)


@register.filter
def clock(instant: datetime, viewer: Viewer) -> str:
    """Show the time of day: "14:30"."""
    return times.clock(instant, viewer.zone)


@register.filter
def moment(instant: datetime, viewer: Viewer) -> str:
    """Show day and time: "Tue 24 Nov 14:30"."""
    return times.moment(instant, viewer.zone, viewer.today)


@register.filter
def ago(instant: datetime, viewer: Viewer) -> str:
    """Show how long ago: "2 min ago"."""
    return times.ago(instant, viewer.now, viewer.zone)


@register.filter
def day(moment: date, viewer: Viewer) -> str:
    """Show a day: "Tue 24 Nov"."""
    return times.day(moment, viewer.today)


@register.filter
def near_day(moment: date, viewer: Viewer) -> str:
    """Show "Today" and its neighbours by name, other days not at all."""
    return times.near_day(moment, viewer.today)


@register.filter
def until(instant: datetime, viewer: Viewer) -> str:
    """Show how soon: "in 25 min"; nothing beyond a day."""
    return times.until(instant, viewer.now)


@register.filter
def weekday(instant: datetime, viewer: Viewer) -> str:
    """Show the day of an instant, near ones by name: "Tomorrow", "Tue 24 Nov"."""
    on = instant.astimezone(viewer.zone).date()
    return times.near_day(on, viewer.today) or times.day(on, viewer.today)


@register.filter
def zone_words(viewer: Viewer) -> str:
    """Show the business's zone with its offset now."""
    return times.zone_words(viewer.zone, viewer.now)


@register.filter
def there(slot: Slot, zone: str) -> str:
    """Show what stands under a time for a client in `zone`: seats left, or their own clock where it differs."""
    return slot_detail(slot, time_zone=current_tenant().time_zone, host_zone=zone)


@register.filter
def took(milliseconds: int | None) -> str:
    """Show a duration: "1.4 s"."""
    return times.took(milliseconds)


@register.filter
def lasted(run: RunView) -> str:
    """Show how long a run took from its start to its end: "1.4 s"."""
    if run.finished_at is None:
        return ""
    return times.took(round((run.finished_at - run.started_at).total_seconds() * 1000))


@register.filter
def booking_word(state: str) -> words.Word:
    """Return the word of a booking's status."""
    return words.word(words.BOOKING, state)


@register.filter
def run_word(state: str) -> words.Word:
    """Return the word of a run's state."""
    return words.word(words.RUN, state)


@register.filter
def step_word(step: StepView) -> words.Word:
    """Return the word of a step's state; what cannot be unsent is corrected, never undone."""
    state = "corrected" if step.state == "undone" and step.undo == "correct" else step.state
    return words.word(words.STEP, state)


@register.filter
def message_word(state: str) -> words.Word:
    """Return the word of a message's state."""
    return words.word(words.MESSAGE, state)


@register.filter
def pretty_json(value: Any) -> str:
    """Show a payload as it was signed: keys sorted, one per line."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)


@register.filter
def grouped(number: int) -> str:
    """Show a count with thin thousands: "4,812"."""
    return f"{number:,}"
