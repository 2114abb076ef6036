"""The words of clients' mails: read, changed with a live preview, undone, taken back to the shipped ones."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import (
    LANGUAGES,
    LONGEST_WORDING,
    OCCASIONS,
    InvalidWording,
    Wording,
    change_wording,
    placeholders,
    preview_mail,
    reset_wording,
    undo_wording,
    wording_versions,
    wordings_in_force,
)
from portal.business.mail.occasions import PLACEHOLDER_WORDS, WHEN
from portal.business.messages import MAIL_POLICY
from portal.business.paging import row_id
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.security import CONTENT_POLICY
from providers.api import MessageDraft, mail_sender

_FIELDS = ("subject", "heading", "body", "footer")
_LABELS = {"subject": "Subject", "heading": "Heading", "body": "Text", "footer": "Small print"}


def known_wording(
    view: Callable[[HttpRequest, Viewer, str, str], HttpResponse],
) -> Callable[[HttpRequest, Viewer, str, str], HttpResponse]:
    """Answer 404 for a language or an occasion that there is not."""

    @wraps(view)
    def found(request: HttpRequest, viewer: Viewer, language: str, occasion: str) -> HttpResponse:
        if language not in LANGUAGES or occasion not in OCCASIONS:
            context = {"viewer": viewer, "here": "messages", "what": "message"}
            return render(request, "business/not_found.html", context, status=404)
        return view(request, viewer, language, occasion)

    return found


@require_safe
@portal_page(admins_only=True)
def words(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """List the mails to clients in one language (`?language=de`; the business's own at first)."""
    in_use = mail_sender().language
    language = request.GET.get("language", in_use)
    language = language if language in LANGUAGES else "en"
    own = wordings_in_force(language)
    context = {
        "viewer": viewer,
        "here": "messages",
        "language": LANGUAGES[language],
        "in_use": LANGUAGES[in_use] if in_use in LANGUAGES else LANGUAGES["en"],
        "languages": LANGUAGES.values(),
        "occasions": [(each, *WHEN[each], each in own) for each in OCCASIONS],
    }
    return render(request, "business/mail/words.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
@known_wording
def wording(request: HttpRequest, viewer: Viewer, language: str, occasion: str) -> HttpResponse:
    """Show the words of one mail beside its preview; POST saves them."""
    faults: dict[str, str] = {}
    own = wordings_in_force(language).get(occasion, Wording())
    if request.method == "POST":
        own = _typed(request, language, occasion)
        try:
            changed = change_wording(occasion, language, own, now=viewer.now, actor=viewer.actor)
        except InvalidWording as fault:
            faults = fault.faults
        else:
            words = "Saved, and signed. It counts from the next mail on."
            messages.success(request, words if changed else "Nothing was different, so nothing changed.")
            return see_other("business:wording", language=language, occasion=occasion)
    shipped = LANGUAGES[language].shipped[occasion]
    versions = wording_versions(occasion, language)
    context = {
        "viewer": viewer,
        "here": "messages",
        "language": LANGUAGES[language],
        "occasion": occasion,
        "title": WHEN[occasion][0],
        "when": WHEN[occasion][1],
        "fields": [
            {
                "name": name,
                "label": _LABELS[name],
                "value": getattr(own, name) or getattr(shipped, name),
                "shipped": getattr(shipped, name),
                "is_own": bool(getattr(own, name)),
                "fault": faults.get(name, ""),
                "longest": LONGEST_WORDING[name],
            }
            for name in _FIELDS
        ],
        "placeholders": [(each, PLACEHOLDER_WORDS[each]) for each in placeholders(occasion)],
        "is_own": not own.is_shipped,
        "newest": versions[0] if versions else None,
        "faults": faults,
    }
    status = 422 if faults else 200
    response = render(request, "business/mail/wording.html", context, status=status)
    response["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
@portal_page(admins_only=True)
@known_wording
def preview(request: HttpRequest, viewer: Viewer, language: str, occasion: str) -> HttpResponse:
    """Return the mail as these words would make it, HTML above its text twin, under a policy that lets it do
    nothing. Nothing is saved; words that cannot be used are shown as they are."""
    if request.method == "POST":
        tried = _typed(request, language, occasion)
    else:
        tried = wordings_in_force(language).get(occasion, Wording())
    draft = preview_mail(occasion, language, tried, now=viewer.now)
    response = HttpResponse(_document(draft), content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


@require_POST
@portal_page(admins_only=True)
@known_wording
def undo(request: HttpRequest, viewer: Viewer, language: str, occasion: str) -> HttpResponse:
    """Undo the newest change of these words."""
    version = row_id(request.POST.get("version", ""))
    if version is not None and undo_wording(occasion, language, version, now=viewer.now, actor=viewer.actor):
        messages.success(request, "The change is undone, and that is signed, too.")
    else:
        messages.info(request, "These words were changed meanwhile. Look at them first.")
    return see_other("business:wording", language=language, occasion=occasion)


@require_POST
@portal_page(admins_only=True)
@known_wording
def reset(request: HttpRequest, viewer: Viewer, language: str, occasion: str) -> HttpResponse:
    """Go back to the words that the product brings."""
    if reset_wording(occasion, language, now=viewer.now, actor=viewer.actor):
        messages.success(request, "The shipped words count again. Undo brings yours back.")
    return see_other("business:wording", language=language, occasion=occasion)


def _typed(request: HttpRequest, language: str, occasion: str) -> Wording:
    """Return what was typed; a field that says what is shipped, or nothing, is not the business's own."""
    shipped = LANGUAGES[language].shipped[occasion]
    typed = {name: request.POST.get(name, "").replace("\r\n", "\n").strip() for name in _FIELDS}
    return Wording(**{name: "" if text == getattr(shipped, name) else text for name, text in typed.items()})


def _document(draft: MessageDraft) -> str:
    """Return the mail's HTML with its subject above and its text twin below."""
    frame = (
        '<div class="soft" style="max-width:600px;margin:0 auto;padding:12px;'
        'font:14px/1.5 system-ui,sans-serif;color:#555a63">'
    )
    subject = f"{frame}<strong>{escape(draft.subject)}</strong></div>"
    twin = f'{frame}Plain text<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{escape(draft.text)}</pre></div>'
    head, body, rest = draft.html.partition('<table role="presentation" class="page"')
    before, end, after = rest.rpartition("</body>")
    return f"{head}{subject}{body}{before}{twin}{end}{after}"
