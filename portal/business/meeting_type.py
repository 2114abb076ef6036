"""Creating and editing a meeting type: one form, its preview beside it, nothing typed is ever lost."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from booking.api import (
    MOST_QUESTIONS,
    EventType,
    EventTypeLocked,
    Host,
    InvalidOffering,
    Offering,
    Resource,
    check_host_may_edit,
    create_event_type,
    edit_event_type,
    questions_of,
    rooms_and_equipment,
)
from portal.business.meeting_type_by_hosts import (
    as_a_host_typed,
    facts_of_the_business,
    is_of_the_business,
)
from portal.business.meeting_type_form import (
    KINDS,
    LOCATIONS,
    ONLINE,
    MeetingTypeForm,
    fresh_values,
    initial_values,
)
from portal.business.meeting_type_preview import build_preview
from portal.business.question_form import QuestionForms, initial_questions
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import try_link
from tenants.api import tenant_url


@dataclass
class Sheet:
    """The form as it stands on the page: fields, question rows, and the stored type that it edits."""

    event_type: EventType | None
    form: MeetingTypeForm
    questions: Any

    @classmethod
    def stored(cls, event_type: EventType | None) -> "Sheet":
        """Show what is stored, or the start of a new one."""
        hosts = hosts_to_choose(event_type)
        values = initial_values(event_type) if event_type else fresh_values(hosts)
        asked = initial_questions(event_type) if event_type else []
        return cls(
            event_type,
            MeetingTypeForm(
                hosts=hosts, reminders=_kept(event_type), resources=to_choose(event_type), initial=values
            ),
            QuestionForms(initial=asked, prefix="q"),
        )

    @classmethod
    def typed(cls, event_type: EventType | None, data: QueryDict) -> "Sheet":
        """Show what somebody typed, with a row of questions more or less if they asked for that."""
        form = MeetingTypeForm(
            data,
            hosts=hosts_to_choose(event_type),
            reminders=_kept(event_type),
            resources=to_choose(event_type),
        )
        return cls(event_type, form, QuestionForms(with_rows(data), prefix="q"))

    def offering(self) -> Offering | None:
        """Return the wish; None where a field is wrong (its fault stands on it)."""
        is_right = self.form.is_valid()
        if not (self.questions.is_valid() and is_right):
            return None
        asked = tuple(question for row in self.questions if (question := row.question()))
        return self.form.offering(asked)

    def stored_offering(self) -> Offering | None:
        """Return what is stored as a wish, for the first preview; a new one has a title lent to it."""
        values = {**self.form.initial, "title": self.form.initial.get("title") or "Your new meeting type"}
        form = MeetingTypeForm(
            values,
            hosts=hosts_to_choose(self.event_type),
            reminders=_kept(self.event_type),
            resources=to_choose(self.event_type),
        )
        asked = questions_of(self.event_type) if self.event_type else ()
        return form.offering(asked) if form.is_valid() else None

    def blame(self, fault: InvalidOffering, viewer: Viewer) -> None:
        """Put the domain's faults on their fields; those of questions, and of fields that a host lacks, over them."""
        for field, words in fault.faults.items():
            is_shown = field in self.form.fields and (viewer.sees_everything or not is_of_the_business(field))
            self.form.add_error(field if is_shown else None, words)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def new_meeting_type(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the empty form; POST stores the meeting type (303), or shows what was typed again."""
    return _edit(request, viewer, None)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def meeting_type(request: HttpRequest, viewer: Viewer, event_type_id: int) -> HttpResponse:
    """Show a meeting type in its form; POST stores the change (303), or shows what was typed again.

    A host has the form of a type that they offer; 403 in words while the business has locked it.
    """
    found = _find_for(viewer, event_type_id)
    if found is None:
        return event_type_not_found(request, viewer)
    if viewer.only_host is not None and request.method != "POST":
        try:
            check_host_may_edit(found, host_id=viewer.only_host)
        except EventTypeLocked as fault:
            return _page(request, viewer, Sheet.stored(found), status=403, refused=fault.message)
    return _edit(request, viewer, found)


@require_POST
@portal_page()
def meeting_type_preview(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Return the preview of what is typed in the form, alone (htmx asks on each change).

    A host's form names a type that they offer; anything else is a 404.
    """
    asked = request.POST.get("event_type", "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 10
    found = _find_for(viewer, int(asked)) if is_number else None
    if found is None and not viewer.sees_everything:
        return event_type_not_found(request, viewer)
    sheet = Sheet.typed(found, _typed(request, viewer, found))
    return render(request, "business/_meeting_type_preview.html", _preview_context(sheet, viewer))


def hosts_to_choose(event_type: EventType | None) -> list[Host]:
    """Return the active hosts, and those of this type who are not active any more."""
    kept = {row.host_id for row in event_type.event_type_hosts.all()} if event_type else set()
    return [host for host in Host.objects.order_by("position", "pk") if host.active or host.pk in kept]


def to_choose(event_type: EventType | None) -> list[Resource]:
    """Return the rooms and equipment in use, and those of this type that are not in use any more."""
    kept = {row.resource_id for row in event_type.event_type_resources.all()} if event_type else set()
    return [each for each in rooms_and_equipment() if each.active or each.pk in kept]


def _kept(event_type: EventType | None) -> list[int]:
    """Return the reminders that a stored type has, usual or not: the form must be able to keep them."""
    return list(event_type.reminder_minutes) if event_type else []


def find_event_type(event_type_id: int) -> EventType | None:
    """Return the meeting type with its hosts, hidden or not; None when there is none."""
    return (
        EventType.objects.prefetch_related("event_type_hosts", "event_type_resources")
        .filter(pk=event_type_id)
        .first()
    )


def _find_for(viewer: Viewer, event_type_id: int) -> EventType | None:
    """Return the meeting type, to a host only if they offer it."""
    found = find_event_type(event_type_id)
    if found is None or viewer.only_host is None:
        return found
    return found if viewer.only_host in [row.host_id for row in found.event_type_hosts.all()] else None


def _typed(request: HttpRequest, viewer: Viewer, found: EventType | None) -> QueryDict:
    """Return what was sent; of a host what they may change, and the rest as it is stored."""
    return request.POST if viewer.sees_everything or found is None else as_a_host_typed(request.POST, found)


def event_type_not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the portal, with the way back."""
    context = {"viewer": viewer, "here": "meeting_types", "what": "meeting type"}
    return render(request, "business/not_found.html", context, status=404)


def with_rows(data: QueryDict) -> QueryDict:
    """Return the data with the question rows that the pressed button asks for; never more than the most."""
    act = data.get("act", "")
    changed = data.copy()
    count = data.get("q-TOTAL_FORMS", "0")
    rows = min(int(count), MOST_QUESTIONS) if count.isascii() and count.isdigit() and len(count) < 4 else 0
    if act == "add_question" and rows < MOST_QUESTIONS:
        rows += 1
    elif (gone := act.removeprefix("remove_question_")) != act and gone in map(str, range(rows)):
        for later in range(int(gone), rows - 1):
            for part in ("label", "kind", "choices", "required"):
                changed.pop(f"q-{later}-{part}", None)
                if f"q-{later + 1}-{part}" in data:
                    changed[f"q-{later}-{part}"] = str(data[f"q-{later + 1}-{part}"])
        rows -= 1
    changed["q-TOTAL_FORMS"], changed["q-INITIAL_FORMS"] = str(rows), "0"
    return changed


def _edit(request: HttpRequest, viewer: Viewer, found: EventType | None) -> HttpResponse:
    if request.method != "POST":
        return _page(request, viewer, Sheet.stored(found))
    sheet = Sheet.typed(found, _typed(request, viewer, found))
    act = request.POST.get("act", "save")
    if act != "save":
        return _page(request, viewer, sheet, shows_faults=act == "preview", new_row=act == "add_question")
    wanted = sheet.offering()
    if wanted:
        try:
            saved = (
                edit_event_type(found.pk, wanted, by_host=viewer.only_host, actor=viewer.actor)
                if found
                else create_event_type(wanted, actor=viewer.actor)
            )
        except InvalidOffering as fault:
            sheet.blame(fault, viewer)
        except EventTypeLocked as fault:
            return _page(request, viewer, sheet, status=403, refused=fault.message)
        else:
            _say_saved(request, saved, is_new=found is None)
            return see_other("business:meeting_types")
    return _page(request, viewer, sheet, status=422)


def _say_saved(request: HttpRequest, saved: EventType, *, is_new: bool) -> None:
    """Say what happened, and try a link of theirs at once: a dead one would fail every booking."""
    where = "Clients can book it now." if saved.active else "It is hidden: clients do not see it."
    booked = "" if is_new else " Meetings that are booked stay as they are."
    messages.success(request, f"“{saved.title}” is saved. {where}{booked}")
    if saved.location_kind == EventType.Location.FIXED_LINK and (fault := try_link(saved.location_detail)):
        words = f"The link {saved.location_detail} does not work now: {fault} Bookings fail until it does."
        messages.warning(request, words)


def _page(
    request: HttpRequest,
    viewer: Viewer,
    sheet: Sheet,
    *,
    shows_faults: bool = True,
    new_row: bool = False,
    status: int = 200,
    refused: str = "",
) -> HttpResponse:
    event_type, address = sheet.event_type, tenant_url(viewer.tenant, "/book/")
    is_read = event_type and not viewer.sees_everything
    context = _preview_context(sheet, viewer)
    context |= {
        "here": "meeting_types",
        "sheet": sheet,
        "form": sheet.form,
        "event_type": event_type,
        "facts": facts_of_the_business(event_type, sheet.form, address) if event_type and is_read else [],
        "refused": refused,
        "kinds": KINDS,
        "locations": LOCATIONS,
        "online": ONLINE,
        "most_questions": MOST_QUESTIONS,
        "book_address": address,
        "people_address": reverse("business:people"),
        "shows_faults": shows_faults,
        "new_row": new_row,
        "is_wrong": status == 422,
    }
    return render(request, "business/meeting_type.html", context, status=status)


def _preview_context(sheet: Sheet, viewer: Viewer) -> dict[str, Any]:
    """Return the preview of a sheet; without one where its fields make no meeting type yet."""
    wanted = sheet.offering() if sheet.form.is_bound else sheet.stored_offering()
    preview = build_preview(wanted, viewer, like=sheet.event_type) if wanted else None
    return {"viewer": viewer, "preview": preview}
