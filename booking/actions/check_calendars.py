"""Ask the hosts' connected calendars live, before anything is promised. A check: nothing to undo."""

from datetime import UTC

from audit.api import Action, NoEffect, Permanent, StepContext, Transient
from booking.actions.target import Target, target_of
from kernel.reasons import Reason
from providers.api import busy_times


def check(context: StepContext) -> dict[str, object]:
    """Ask every host's calendars about the blocked range; one that cannot be read never counts as empty."""
    target = target_of(context)
    hosts = target.host_ids
    start, end = target.blocked.lower, target.blocked.upper
    answer = busy_times(hosts, start=start, end=end, now=context.now, max_age=None)
    for host_id in hosts:
        if host_id in answer.stale:
            raise Transient(
                f"A calendar could not be read: {answer.stale[host_id]}", code=Reason.CALENDAR_STALE
            )
        if any(begins < end and ends > start for begins, ends in answer.busy.get(host_id, ())):
            raise Permanent(_words(target), code=Reason.CALENDAR_BUSY)
    return {"calendars_of": [str(host) for host in answer.busy]}


def _words(target: Target) -> str:
    return f"A calendar shows another event at {target.starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC."


check_calendars = Action(
    name="check_calendars", sentence="Asked the connected calendars live", call=check, undo=NoEffect()
)
