"""Texts: who carries them, switched on only after a test; and every text that was sent, with what became of it."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import NotChangeable, send_text_again
from kernel.ids import new_uid
from portal.business import paging
from portal.business.booking import booking_not_found, find_booking
from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    BadNumber,
    Carrier,
    ProviderError,
    Rejected,
    WrongTwilio,
    checked_gateway,
    phone_number,
    send_through,
    switch_texts_off,
    text_carrier,
    try_twilio,
    use_carrier,
)
from providers.api import texts as find_texts

_PAGE = 50
_TEXT = {"autocomplete": "off", "spellcheck": "false"}
_SECRET = {"autocomplete": "new-password"}


class TwilioForm(forms.Form):
    """What Twilio's console shows, and from what number texts are sent."""

    account = forms.RegexField(
        r"^AC[0-9a-fA-F]{32}$",
        label="Account SID",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={
            "required": "Write the account SID.",
            "invalid": "An account SID is AC and 32 digits.",
        },
    )
    secret = forms.CharField(
        max_length=200,
        label="Auth token",
        help_text="Kept sealed. It also proves Twilio’s reports of what arrived.",
        widget=forms.PasswordInput(attrs=_SECRET),
        error_messages={"required": "Write the auth token."},
    )
    sender = forms.CharField(
        max_length=64,
        label="Sent from",
        help_text="A number of the account, such as +15551234567, or a messaging service’s SID (MG…).",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Write the number, or the messaging service’s SID."},
    )


class GatewayForm(forms.Form):
    """A gateway of the business's own."""

    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="https://… of a program that takes JSON: to, text and reference.",
        widget=forms.TextInput(attrs={"type": "url", **_TEXT}),
        error_messages={"required": "Write the gateway’s address."},
    )
    secret = forms.CharField(
        max_length=500,
        label="Secret",
        help_text="Sent as a bearer token, kept sealed.",
        widget=forms.PasswordInput(attrs=_SECRET),
        error_messages={"required": "Write the secret."},
    )


FORMS = {"twilio": TwilioForm, "gateway": GatewayForm}
NAMES = {"twilio": "Twilio", "gateway": "an HTTP gateway"}


@require_safe
@portal_page(admins_only=True)
def texts(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show who carries texts, and a page of them, newest first."""
    before = paging.before(request)
    found = find_texts(before_id=before, limit=_PAGE + 1)
    carrier = text_carrier()
    context = {
        "viewer": viewer,
        "here": "messages",
        "carrier": carrier,
        "carrier_name": NAMES[carrier.kind] if carrier else "",
        "is_simulated": bool(carrier and carrier.kind == "twilio" and settings.HOLDFAST_TWILIO_SIMULATOR),
        "rows": found[:_PAGE],
        "older": found[_PAGE - 1].pk if len(found) > _PAGE else None,
        "is_first": before is None,
    }
    return render(request, "business/texts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def carrier(request: HttpRequest, viewer: Viewer, kind: str) -> HttpResponse:
    """Ask for a carrier; POST tests what was typed, and switches texts on only if that passed."""
    form = FORMS.get(kind, TwilioForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := too_fast(request, viewer):
            messages.warning(request, wait)
        elif _is_on(form, viewer):
            messages.success(request, "Texts are on. Clients are asked for a number when they book.")
            return see_other("business:texts")
    context = {
        "viewer": viewer,
        "here": "messages",
        "form": form,
        "kind": kind,
        "name": NAMES.get(kind, "Twilio"),
        "is_simulated": kind == "twilio" and bool(settings.HOLDFAST_TWILIO_SIMULATOR),
    }
    return render(request, "business/text_carrier.html", context, status=422 if form.errors else 200)


@require_POST
@portal_page(admins_only=True)
def try_text(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Send a text to a number of one's own, and say how it went; nothing of it is kept."""
    found = text_carrier()
    if found is None:
        return see_other("business:texts")
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return see_other("business:texts")
    try:
        number = phone_number(request.POST.get("number", ""))
        words = f"{viewer.tenant.name}: a test. Texts about bookings look like this."
        send_through(found, to=number, text=words, reference=new_uid(26))
    except (BadNumber, ProviderError) as fault:
        messages.error(request, f"The test failed. {fault.message}")
    else:
        messages.success(request, f"A test was handed over for {number}.")
    return see_other("business:texts")


@require_POST
@portal_page(admins_only=True)
def switch_off(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Switch texts off and forget the secret."""
    if switch_texts_off(actor=viewer.actor):
        messages.success(request, "Texts are off. Clients are not asked for a number any more.")
    return see_other("business:texts")


@require_POST
@portal_page()
def text_again(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Send the client's latest text once more."""
    found = find_booking(uid, viewer)
    if found is None:
        return booking_not_found(request, viewer)
    try:
        send_text_again(found, now=viewer.now, actor=viewer.actor)
    except NotChangeable as refused:
        messages.warning(request, refused.message)
    else:
        messages.success(request, "The text is being sent once more.")
    return see_other("business:booking", uid=uid)


def _is_on(form: forms.Form, viewer: Viewer) -> bool:
    said = form.cleaned_data
    try:
        if isinstance(form, TwilioForm):
            sender = said["sender"].strip()
            sender = sender if sender.startswith("MG") else phone_number(sender)
            found = Carrier(kind="twilio", account=said["account"], secret=said["secret"], sender=sender)
            try_twilio(found)
        else:
            found = checked_gateway(said["url"], secret=said["secret"])
    except BadNumber as fault:
        form.add_error("sender", fault.message)
        return False
    except WrongTwilio as fault:
        form.add_error(fault.setting, fault.message)
        return False
    except Rejected as fault:
        form.add_error("url" if "url" in form.fields else "account", fault.message)
        return False
    except ProviderError as fault:
        form.add_error(None, fault.message)
        return False
    use_carrier(found, now=viewer.now, actor=viewer.actor)
    return True
