"""The door behind an invitation's link: choose a password, once, and the account is there."""

from typing import Any

from allauth.account.forms import ResetPasswordKeyForm
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.api import InvitationOver, User, find_invitation
from booking.api import accept_person
from kernel.clock import now as clock_now
from portal.business.redirects import see_other


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites whom; POST stores the password and leads to the sign-in (303)."""
    now = clock_now()
    try:
        found = find_invitation(token, now=now)
        nobody_yet = User(email=found.email, name=found.name, role=found.role)
        data: Any = request.POST if request.method == "POST" else None
        form = ResetPasswordKeyForm(data, user=nobody_yet)  # allauth's fields, and the rules for passwords
        if data is not None and form.is_valid():
            accept_person(token, password=form.cleaned_data["password1"], now=now)
            messages.success(request, "Your account is ready. Sign in with your new password.")
            return see_other("account_login")
    except InvitationOver as fact:
        return render(request, "account/invitation_over.html", {"fault": fact.message}, status=410)
    context = {"invitation": found, "form": form}
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)
