"""What the installation's mail service reports of mails: only a final failure is of interest, and only a proven call.

Mailgun signs each call with a key of its own (documentation.mailgun.com, "Securing Webhooks"); SparkPost
signs in instead (developers.sparkpost.com/api/webhooks, "auth_type: basic"). Anymail checks both and reads the events.
"""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from providers.mail.bounces import Bounce, mark_bounced, read_mark
from providers.mail.characters import one_line
from providers.mail.servers import SERVICES
from tenants.api import Tenant

_FINAL = ("bounced", "rejected")


def hear_mail_reports(request: HttpRequest, *, now: datetime) -> bool:
    """Mark the mails that a call reports as failed for good; False for a call that is not the service's.

    Calls come late, twice and out of order: what is marked stays marked. A report of another's mail, or of a business
    that has left, is passed over.
    """
    service = SERVICES.get(settings.HOLDFAST_MAIL_SERVICE)
    if service is None or not settings.HOLDFAST_MAIL_SERVICE_HOOK_KEY:
        return False
    from anymail.webhooks.mailgun import MailgunTrackingWebhookView
    from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView

    key = settings.HOLDFAST_MAIL_SERVICE_HOOK_KEY
    if service.vendor == "mailgun":
        view = MailgunTrackingWebhookView(webhook_signing_key=key)
    else:
        view = SparkPostTrackingWebhookView(webhook_secret=key)
    try:
        view.run_validators(request)
        events = view.parse_events(request)
    except (SuspiciousOperation, ValueError, LookupError, TypeError, AttributeError):
        return False
    for event in events:
        named = read_mark(str((event.metadata or {}).get("holdfast", "")))
        if named and event.event_type in _FINAL and Tenant.objects.filter(schema_name=named[0]).exists():
            words = one_line(str(event.mta_response or event.description or ""), limit=200)
            words = words or "the receiving server gave no reason"
            mark_bounced(Bounce(schema=named[0], message=named[1], words=words), now=now)
    return True
