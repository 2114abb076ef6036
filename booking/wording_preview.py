"""What a client would read: a mail of each occasion about an invented booking of the business's own meeting type."""

from dataclasses import replace
from datetime import datetime, timedelta

from booking import messages as compose
from booking.facts import business_facts, host_facts
from booking.messages import Alternative, BookingFacts, HostFacts
from booking.messages.wording import Wording
from booking.models import EventType, Host
from providers.api import MessageDraft, Person
from tenants.api import current_tenant, tenant_url

_CLIENTS = {"pt": "Beatriz Lopes", "de": "Björn Müller"}
_REASON = {"pt": "Estou doente.", "de": "Ich bin krank."}


def preview_mail(occasion: str, language: str, wording: Wording, *, now: datetime) -> MessageDraft:
    """Return the mail as these words would make it, whether or not they are saved. Five queries, nothing written."""
    facts = _invented(language, now)
    business = replace(facts.business, language=language, wordings={occasion: wording})
    return _mail(occasion, replace(facts, business=business), now)


def _mail(occasion: str, facts: BookingFacts, now: datetime) -> MessageDraft:
    other = HostFacts(name="Dana Costa", email="dana@example.org", time_zone="UTC")
    later = Alternative(starts_at=facts.starts_at + timedelta(days=1), url=facts.book_again_url)
    match occasion:
        case "confirmation":
            return compose.confirmation_for_attendee(facts, now=now)
        case "reminder":
            return compose.reminder_for_attendee(facts)
        case "moved":
            return compose.moved_for_attendee(
                facts, previous_starts_at=facts.starts_at - timedelta(days=2), now=now
            )
        case "cancellation":
            reason = _REASON.get(facts.business.language, "I am ill.")
            return compose.cancellation_for_attendee(facts, by="host", reason=reason, now=now)
        case "pending":
            return compose.pending_for_attendee(facts, until=now + timedelta(days=1))
        case "failed":
            return compose.failed_for_attendee(
                facts, words="The host became busy at this time.", alternatives=[later], code="calendar_busy"
            )
        case "move_failed":
            words = "The host became busy at this time."
            return compose.move_failed_for_attendee(
                facts, wanted=later, words=words, alternatives=[], code="calendar_busy"
            )
        case "reassigned":
            return compose.reassigned_for_attendee(facts, before=other, has_new_link=False, now=now)
        case "new_link":
            return compose.new_link_for_attendee(facts, now=now)
    return compose.left_for_attendee(facts, now=now)


def _invented(language: str, now: datetime) -> BookingFacts:
    """Return a booking a week from now, at the hour, of the first meeting type and its first host."""
    event_type = EventType.objects.filter(active=True).first()
    host = Host.objects.filter(active=True).order_by("pk").first()
    starts_at = (now + timedelta(days=7)).replace(hour=10, minute=0, second=0, microsecond=0)
    client = _CLIENTS.get(language, "Ben Miller")
    zone = current_tenant().time_zone
    return BookingFacts(
        business=business_facts(),
        booking_uid="example",
        event_uid="example@holdfast",
        sequence=0,
        event_type=event_type.slug if event_type else "meeting",
        title=event_type.title if event_type else "Meeting",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=event_type.duration_minutes if event_type else 30),
        location_kind="built_in_room",
        attendee=Person(name=client, email="client@example.org"),
        attendee_zone=zone,
        hosts=(host_facts(host) if host else HostFacts(name="Ana", email="ana@example.org", time_zone=zone),),
        manage_url=tenant_url(None, "/b/example/…/"),
        book_again_url=tenant_url(None, "/"),
        portal_url=tenant_url(None, "/portal/"),
        join_url=tenant_url(None, "/room/example/"),
    )
