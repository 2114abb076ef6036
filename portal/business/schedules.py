"""A host's named schedules: one more, another name or zone, the default one, one less. Each act leads back to Hours."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from booking.api import (
    Host,
    InvalidSchedule,
    change_schedule,
    create_schedule,
    delete_schedule,
    make_default_schedule,
)
from portal.business.hours import back_to_hours, chosen_schedule, find_host
from portal.business.people import person_not_found
from portal.business.viewer import Viewer, portal_page


@require_POST
@portal_page()
def schedules(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Make, change, delete a schedule or make it the default, as the pressed button says (303)."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    chosen = chosen_schedule(request)
    try:
        chosen, said = _act(request, viewer, host, chosen)
    except InvalidSchedule as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, said)
    return back_to_hours(host, chosen)


def _act(request: HttpRequest, viewer: Viewer, host: Host, chosen: int | None) -> tuple[int | None, str]:
    """Perform the act; return the schedule to show then, and what to say. Raises InvalidSchedule."""
    data, act = request.POST, request.POST.get("act", "")
    if act == "create":
        made = create_schedule(host, data.get("name", ""), like=chosen, actor=viewer.actor)
        return (
            made.pk,
            f"“{made.name}” is made, with the hours of the schedule you looked at. Change them below.",
        )
    if chosen is None:
        raise InvalidSchedule("Choose a schedule first.")
    if act == "change":
        zone = data.get("time_zone", "").strip().replace(" ", "_")
        change_schedule(host, chosen, name=data.get("name", ""), time_zone=zone, actor=viewer.actor)
        return chosen, "The schedule is saved."
    if act == "default":
        make_default_schedule(host, chosen, actor=viewer.actor)
        return chosen, "It is the default schedule now: meeting types that choose none follow it."
    if act == "delete":
        delete_schedule(host, chosen, actor=viewer.actor)
        return None, "The schedule is deleted."
    raise InvalidSchedule("Choose what to do with the schedule.")
