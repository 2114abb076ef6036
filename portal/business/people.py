"""People: who signs in, who takes bookings, who is invited; inviting somebody by mail."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.api import (
    Invitation,
    InvitationOver,
    NotInvitable,
    Role,
    awaits_first_password,
    renew_invitation,
    send_invitation,
)
from booking.api import PersonView, invite_person, next_free, withdraw_person
from booking.api import people as find_people
from portal.business.redirects import see_other
from portal.business.times import moment
from portal.business.viewer import Viewer, portal_page
from portal.business.words import CALENDAR, Word, word
from portal.public.answers import is_fragment
from providers.api import calendar_states

ROLES = {
    "owner": ("Owner", "Sees and changes everything, owners included."),
    "admin": ("Admin", "Sees and changes everything but owners."),
    "host": ("Host", "Sees their own bookings, and sets their own hours."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A person in the list; `next_free` is "" until it was asked for, or for who takes no bookings."""

    person: PersonView
    role: str
    state: Word
    calendar: Word | None
    next_free: str


class InviteForm(forms.Form):
    """Who is invited, and as what."""

    name = forms.CharField(max_length=120, error_messages={"required": "Write the name of who comes."})
    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": "Write the e-mail address: the invitation goes there.",
            "invalid": "This is not an e-mail address. It looks like name@example.com.",
        },
    )
    role = forms.ChoiceField(
        error_messages={"required": "Choose a role.", "invalid_choice": "Choose a role."}
    )
    takes_bookings = forms.BooleanField(required=False)

    def __init__(self, data: object = None, *, viewer: Viewer, **options: object) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # Django's own loose shapes
        self.roles = roles_for(viewer)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(value, words[0]) for value, words in self.roles.items()]


def roles_for(viewer: Viewer) -> dict[str, tuple[str, str]]:
    """Return the roles that this user may give: nobody makes somebody more than they are."""
    return ROLES if viewer.user.role == Role.OWNER else {k: v for k, v in ROLES.items() if k != "owner"}


def can_manage(viewer: Viewer, found: PersonView) -> bool:
    """Say whether this user may change that person: only owners touch owners."""
    return viewer.user.role == Role.OWNER or found.role != Role.OWNER


@require_safe
@portal_page(admins_only=True)
def people(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show everybody; `?next=1` adds when each host is next free (htmx asks for it by itself)."""
    found = find_people()
    shows_next = request.GET.get("next") == "1"
    bookable = [each.host for each in found if each.host is not None and each.host.active]
    free = next_free(bookable, time_zone=viewer.zone.key, now=viewer.now) if shows_next else {}
    calendars = calendar_states([host.pk for host in bookable])
    rows = [
        Row(
            person=each,
            role=ROLES[each.role][0] if each.user or each.invitation else "Host",
            state=_state(each, viewer),
            calendar=word(CALENDAR, calendars[each.host.pk])
            if each.host and each.host.pk in calendars
            else None,
            next_free=moment(free[each.host.pk], viewer.zone, viewer.today)
            if each.host and each.host.pk in free
            else "",
        )
        for each in found
    ]
    context = {"viewer": viewer, "here": "people", "rows": rows, "shows_next": shows_next}
    template = "business/_people.html" if is_fragment(request) else "business/people.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def invite(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask whom to invite; POST stores the invitation and mails it (303)."""
    asked = request.GET.get("host", "")
    host = next(
        (
            each.host
            for each in find_people()
            if each.host and each.user is None and str(each.host.pk) == asked
        ),
        None,
    )
    initial: dict[str, object] = {"role": "host"}
    if host is not None:
        initial |= {"name": host.name, "email": host.email}
    form = InviteForm(request.POST or None, viewer=viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = invite_person(
                values["email"],
                name=" ".join(values["name"].split()),
                role=values["role"],
                takes_bookings=values["takes_bookings"],
                actor=viewer.actor,
                now=viewer.now,
                host=host,
            )
        except NotInvitable as fact:
            form.add_error("email", fact.message)
        else:
            _mail(request, viewer, made)
            return see_other("business:people")
    context = {"viewer": viewer, "here": "people", "form": form, "host": host, "shows_faults": True}
    return render(request, "business/invite.html", context, status=422 if form.errors else 200)


@require_POST
@portal_page(admins_only=True)
def resend(request: HttpRequest, viewer: Viewer, invitation_id: int) -> HttpResponse:
    """Mail a new link for seven more days; the old one is void (303)."""
    if not _may_touch(viewer, invitation_id):
        return person_not_found(request, viewer)
    try:
        _mail(request, viewer, renew_invitation(invitation_id, actor=viewer.actor, now=viewer.now))
    except InvitationOver as fact:
        messages.error(request, fact.message)
    return see_other("business:people")


@require_POST
@portal_page(admins_only=True)
def withdraw(request: HttpRequest, viewer: Viewer, invitation_id: int) -> HttpResponse:
    """Make an invitation void (303)."""
    if not _may_touch(viewer, invitation_id):
        return person_not_found(request, viewer)
    try:
        withdraw_person(invitation_id, actor=viewer.actor, now=viewer.now)
        messages.success(request, "The invitation is withdrawn. Its link works no more.")
    except InvitationOver as fact:
        messages.error(request, fact.message)
    return see_other("business:people")


def person_not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the portal, with the way back."""
    context = {"viewer": viewer, "here": "people", "what": "person"}
    return render(request, "business/not_found.html", context, status=404)


def _may_touch(viewer: Viewer, invitation_id: int) -> bool:
    found = Invitation.objects.filter(pk=invitation_id).first()
    return found is not None and (viewer.user.role == Role.OWNER or found.role != Role.OWNER)


def _mail(request: HttpRequest, viewer: Viewer, invitation: Invitation) -> None:
    """Mail the link, and say how that went; the invitation stands either way."""
    business, inviter = viewer.tenant.name, viewer.user.name
    if send_invitation(request, invitation, business=business, inviter=inviter):
        words = f"The invitation is on its way to {invitation.email}. Its link works once, for seven days."
        messages.success(request, words)
    else:
        words = f"{invitation.email} is invited, but no mail server took the mail. Send it again in a minute."
        messages.error(request, words)


def _state(found: PersonView, viewer: Viewer) -> Word:
    if found.invitation is not None and found.user is None and not (found.host and found.host.active):
        ran_out = found.invitation.expires_at <= viewer.now
        return Word("Invitation ran out", "bad") if ran_out else Word("Invited", "accent")
    if not found.is_active:
        return Word("Deactivated")
    if found.user is None:
        return Word("Invited to sign in", "accent") if found.invitation else Word("Without sign-in")
    if awaits_first_password(found.user):
        return Word("Has not signed in yet", "accent")  # made by onboarding, which mailed the link
    return Word("Active", "good")
