"""The door of a page that is open to some mail domains: ask for the address, mail a code, take the code.

Every address gets the same answer, so that nobody learns here which ones may come in.
"""

import logging
from datetime import datetime, timedelta
from email.utils import formataddr
from smtplib import SMTPException

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.api import CODE_LIFETIME, issue_code, redeem_code
from kernel.clock import now as read_clock
from portal.public.access import domain_of, may_open, remember_visitor, safe_next
from portal.public.answers import SeeOther, door_page
from portal.public.forms import AddressForm, CodeForm
from portal.public.tenant import tenant_of
from portal.rates import visitor_of
from tenants.api import Tenant

_log = logging.getLogger(__name__)
_ASKED_COOKIE = "holdfast_asked"
_TOO_MANY = "Too many codes were asked for. Wait {minutes} minutes, then try again."
_NO_MAIL = "Our mail server does not answer, so no code could be sent. Try again in a few minutes."
_WRONG = "This code is not right, or it is too old. Look at the newest mail, or ask for a new code."


@require_http_methods(["GET", "HEAD", "POST"])
@door_page
def access(request: HttpRequest) -> HttpResponse:
    """Ask for the visitor's address; sent, a code is mailed if the address may come in."""
    tenant = tenant_of(request)
    onward = safe_next(request, request.POST.get("next", request.GET.get("next", "")))
    if may_open(request, tenant) or tenant.access != Tenant.Access.DOMAINS:
        return SeeOther(onward)
    form = AddressForm(request.POST or None)
    fault = ""
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        fault = _send_code(request, tenant, address, now=read_clock())
        if not fault:
            response = SeeOther(f"{reverse('public:access_code')}?{urlencode({'next': onward})}")
            response.set_cookie(
                _ASKED_COOKIE,
                signing.dumps([tenant.schema_name, address], salt=_ASKED_COOKIE),
                max_age=int(CODE_LIFETIME.total_seconds()),
                path=reverse("public:access"),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            return response
    context = {"tenant": tenant, "form": form, "next": onward, "fault": fault}
    return _closed(render(request, "public/access.html", context, status=_status(form.errors or fault)))


@require_http_methods(["GET", "HEAD", "POST"])
@door_page
def access_code(request: HttpRequest) -> HttpResponse:
    """Take the code; the right one lets this browser in for a week."""
    tenant = tenant_of(request)
    onward = safe_next(request, request.POST.get("next", request.GET.get("next", "")))
    address = _asked_address(request, tenant)
    if not address:
        return SeeOther(f"{reverse('public:access')}?{urlencode({'next': onward})}")
    form = CodeForm(request.POST or None)
    fault = ""
    if request.method == "POST" and form.is_valid():
        place = visitor_of(request)
        is_right = redeem_code(address, form.cleaned_data["code"], place=place, now=read_clock())
        if is_right and domain_of(address) in tenant.allowed_domains:
            response = SeeOther(onward)
            remember_visitor(response, tenant, address)
            response.delete_cookie(_ASKED_COOKIE, path=reverse("public:access"))
            return response
        fault = _WRONG
    context = {"tenant": tenant, "form": form, "next": onward, "fault": fault, "address": address}
    return _closed(render(request, "public/access_code.html", context, status=_status(form.errors or fault)))


def _send_code(request: HttpRequest, tenant: Tenant, address: str, *, now: datetime) -> str:
    """Count the wish, and mail a code where the domain may come in; return what went wrong in words, or ""."""
    code = issue_code(address, place=visitor_of(request), now=now)
    if isinstance(code, timedelta):
        return _TOO_MANY.format(minutes=-(-int(code.total_seconds()) // 60))
    if domain_of(address) not in tenant.allowed_domains:
        return ""
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    text = render_to_string("public/access_mail.txt", {"tenant": tenant, "code": code, "minutes": minutes})
    sender = formataddr((tenant.name, settings.HOLDFAST_MAIL_FROM))
    subject = " ".join(f"{code} is your code for {tenant.name}".split())
    try:
        EmailMessage(subject=subject, body=text, from_email=sender, to=[address]).send()
    except (SMTPException, OSError) as error:
        _log.error("A visitor's code could not be sent: %s", error)
        return _NO_MAIL
    return ""


def _asked_address(request: HttpRequest, tenant: Tenant) -> str:
    """Return the address that this browser asked a code for, "" when that is over or was elsewhere."""
    try:
        schema, address = signing.loads(
            request.COOKIES.get(_ASKED_COOKIE, ""), salt=_ASKED_COOKIE, max_age=CODE_LIFETIME
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(address) if schema == tenant.schema_name else ""


def _status(is_wrong: object) -> int:
    return 422 if is_wrong else 200


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
