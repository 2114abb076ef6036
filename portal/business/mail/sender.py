"""Who mail is from: language, name and answers; the business's own mail server or mail service, used only
after a test that passed."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from booking.api import LANGUAGES
from portal.business.connections.pace import too_fast
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from providers.api import (
    MAIL_SERVICES,
    BadAddress,
    InvalidSender,
    MailServer,
    change_mail_sender,
    check_mail_address,
    mail_sender,
    service_server,
    try_mail_server,
    use_own_server,
    use_platform_server,
)

SECURITY = {
    "smtp+starttls": "STARTTLS, port 587",
    "smtps": "TLS at once, port 465",
    "smtp": "None, port 25",
}
_SERVICE_IDS = "service_%s"  # two forms of the page ask for a From address
_TEXT = {"autocomplete": "off", "spellcheck": "false"}


class SenderForm(forms.Form):
    """Language, From name, Reply-To."""

    language = forms.ChoiceField(
        label="Language of mails to clients",
        choices=[(code, each.name) for code, each in LANGUAGES.items()],
        help_text="Mails to your own people stay in English.",
    )
    name = forms.CharField(
        max_length=120,
        required=False,
        label="From name",
        help_text="Your business’s name if you leave it empty.",
    )
    reply_to = forms.CharField(
        max_length=254,
        required=False,
        label="Answers go to",
        help_text="The host of the meeting if you leave it empty.",
        widget=forms.TextInput(attrs={"inputmode": "email", **_TEXT}),
    )


class ServerForm(forms.Form):
    """The business's own SMTP server."""

    from_address = forms.CharField(
        max_length=254,
        label="From address",
        help_text="An address for which this server may send; its domain’s DKIM and SPF belong to the server.",
        widget=forms.TextInput(attrs={"inputmode": "email", **_TEXT}),
        error_messages={"required": "Write the address that mail is from."},
    )
    host = forms.CharField(
        max_length=253,
        label="Server",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"required": "Write the server’s name, for example smtp.example.com."},
    )
    scheme = forms.ChoiceField(label="Security", choices=list(SECURITY.items()))
    port = forms.IntegerField(
        min_value=1,
        max_value=65535,
        required=False,
        label="Port",
        help_text="The usual one of the security if you leave it empty.",
    )
    username = forms.CharField(
        max_length=254, required=False, label="User name", widget=forms.TextInput(attrs=_TEXT)
    )
    password = forms.CharField(
        max_length=500,
        required=False,
        strip=False,
        label="Password",
        help_text="An app password where your provider has them. It is kept sealed, and sent to this server only.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ServiceForm(forms.Form):
    """The business's own account at a mail service; its fields are named as the server's are."""

    scheme = forms.ChoiceField(
        label="Service",
        choices=[(name, each.label) for name, each in MAIL_SERVICES.items()],
        help_text="By its HTTP API, so no SMTP port is needed. These pass an invite on as it was written.",
    )
    from_address = forms.CharField(
        max_length=254,
        label="From address",
        help_text="An address for which the service may send; its domain’s DKIM and SPF belong to the service.",
        widget=forms.TextInput(attrs={"inputmode": "email", **_TEXT}),
        error_messages={"required": "Write the address that mail is from."},
    )
    username = forms.RegexField(
        r"^[A-Za-z0-9.-]+$",
        max_length=253,
        required=False,
        label="Sending domain",
        help_text="Mailgun only: the domain that is set up there, if it is not the From address’s.",
        widget=forms.TextInput(attrs=_TEXT),
        error_messages={"invalid": "Write a domain, for example mg.example.com."},
    )
    password = forms.RegexField(
        r"^[\x21-\x7e]+$",
        max_length=500,
        label="Key",
        help_text="One that may send is enough. It is kept sealed, and sent to this service only.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Write the key.", "invalid": "A key has no blanks and no accents."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def sender(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show who mail is from and by which server; POST takes language, name and answers."""
    current = mail_sender()
    form = SenderForm(
        request.POST or None,
        initial={"language": current.language, "name": current.name, "reply_to": current.reply_to},
    )
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_mail_sender(**form.cleaned_data, now=viewer.now, actor=viewer.actor)
        except InvalidSender as fault:
            _mark(form, fault.faults)
        else:
            messages.success(request, "Saved, and signed." if changed else "Nothing was different.")
            return see_other("business:mail_sender")
    return _page(request, viewer, form=form)


@require_POST
@portal_page(admins_only=True)
def own_server(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Test the server that was typed, step by step, and use it only if every step passed."""
    form = ServerForm(request.POST)
    if not form.is_valid():
        return _page(request, viewer, server_form=form)
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return _page(request, viewer, server_form=form)
    said = form.cleaned_data
    server = MailServer(
        scheme=said["scheme"],
        host=said["host"].strip(),
        port=said["port"] or {"smtp": 25, "smtps": 465}.get(said["scheme"], 587),
        username=said["username"].strip(),
        password=said["password"],
        is_typed=True,
    )
    if not _is_used(form, server, viewer):
        return _page(request, viewer, server_form=form)
    messages.success(request, "Every step of the test passed. Mail leaves by your server from now on.")
    return see_other("business:mail_sender")


@require_POST
@portal_page(admins_only=True)
def own_service(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Test the mail service that was chosen with its key, and use it only if it took the test."""
    form = ServiceForm(request.POST, auto_id=_SERVICE_IDS)
    if not form.is_valid():
        return _page(request, viewer, service_form=form)
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return _page(request, viewer, service_form=form)
    said = form.cleaned_data
    server = service_server(said["scheme"], key=said["password"].strip(), domain=said["username"].strip())
    if not _is_used(form, server, viewer):
        return _page(request, viewer, service_form=form)
    messages.success(request, "The service took the test. Mail leaves by your account there from now on.")
    return see_other("business:mail_sender")


def _is_used(form: forms.Form, server: MailServer, viewer: Viewer) -> bool:
    """Test a server and use it; False, with the wrong field marked, if a step failed."""
    from_address = form.cleaned_data["from_address"].strip()
    try:
        check_mail_address(from_address)
    except BadAddress as bad:
        _mark(form, {"from_address": bad.message})
        return False
    fault = try_mail_server(server, from_address=from_address)
    if fault:
        _mark(form, {fault.setting: fault.words})
        return False
    try:
        use_own_server(server, from_address=from_address, now=viewer.now, actor=viewer.actor)
    except InvalidSender as invalid:
        _mark(form, invalid.faults)
        return False
    return True


@require_POST
@portal_page(admins_only=True)
def test_server(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Test the server in use, and say which setting is wrong if one is."""
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return see_other("business:mail_sender")
    current = mail_sender()
    fault = try_mail_server(current.server, from_address=current.address)
    if fault is None:
        messages.success(request, "The mail server took every step up to the sender; no mail was sent.")
    elif current.own_server:
        form = ServiceForm if current.own_server.service else ServerForm
        label = form.base_fields[fault.setting].label
        messages.error(request, f"{label}: {fault.words}")
    else:  # the platform's settings are not the business's to read
        messages.error(
            request, "The platform’s mail server does not take mail now. Its operator can see why."
        )
    return see_other("business:mail_sender")


@require_POST
@portal_page(admins_only=True)
def platform_server(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Send by the platform's server again."""
    if use_platform_server(now=viewer.now, actor=viewer.actor):
        messages.success(request, "Mail leaves by the platform’s server again; your password is forgotten.")
    return see_other("business:mail_sender")


def _page(
    request: HttpRequest,
    viewer: Viewer,
    *,
    form: SenderForm | None = None,
    server_form: ServerForm | None = None,
    service_form: ServiceForm | None = None,
) -> HttpResponse:
    current = mail_sender()
    context = {
        "viewer": viewer,
        "here": "messages",
        "sender": current,
        "form": form
        or SenderForm(
            initial={"language": current.language, "name": current.name, "reply_to": current.reply_to}
        ),
        "server_form": server_form or ServerForm(initial={"scheme": "smtp+starttls"}),
        "service_form": service_form or ServiceForm(auto_id=_SERVICE_IDS),
        "from_name": current.name or viewer.tenant.name,
        "security": SECURITY.get(current.own_server.scheme, "") if current.own_server else "",
    }
    wrong = any(
        each is not None and each.is_bound and each.errors for each in (form, server_form, service_form)
    )
    return render(request, "business/mail/sender.html", context, status=422 if wrong else 200)


def _mark(form: forms.Form, faults: dict[str, str]) -> None:
    for field, words in faults.items():
        form.add_error(field if field in form.fields else None, words)
