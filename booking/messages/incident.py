"""The team is told of an incident, and that it is closed; and the `data` of the webhook incident.opened."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from booking.messages.facts import Business
from booking.messages.letter import Letter, Link, letter_html, letter_text
from providers.api import MessageDraft, Person


@dataclass(frozen=True, kw_only=True)
class IncidentFacts:
    """An incident as plain values. `url` is absolute; `repair` is "" where a person has to do something."""

    business: Business
    id: int
    kind: str
    subject: str
    title: str
    consequence: str
    repair: str
    opened_at: datetime
    url: str


def incident_opened(facts: IncidentFacts, *, to: Person) -> MessageDraft:
    """Return the mail to one colleague: what happened first, where to look second, then what it means."""
    who = "It is being repaired by itself." if facts.repair else "It waits for somebody to look at it."
    letter = Letter(
        business=facts.business,
        time=facts.title,
        link=Link(label="See what happened", url=facts.url),
        heading="Something needs a look",
        paragraphs=(facts.consequence, who),
        footer="You receive this once, because you look after this business’s bookings.",
    )
    return _draft(facts, letter, kind="team_incident", subject=f"Incident: {facts.title}", to=to)


def incident_closed(facts: IncidentFacts, *, to: Person) -> MessageDraft:
    """Return the correction: the incident that was told of is closed, or open again where it is."""
    letter = Letter(
        business=facts.business,
        time=f"Closed: {facts.title}",
        link=Link(label="See what happened", url=facts.url),
        heading="This is settled",
        paragraphs=("The incident that you were told of is closed. There is nothing left to do.",),
    )
    return _draft(facts, letter, kind="team_incident_closed", subject=f"Closed: {facts.title}", to=to)


def incident_data(facts: IncidentFacts) -> dict[str, Any]:
    """Return the data of the webhook incident.opened."""
    return {
        "incident": facts.id,
        "kind": facts.kind,
        "subject": facts.subject,
        "title": facts.title,
        "consequence": facts.consequence,
        "repair": facts.repair or None,
        "opened_at": facts.opened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "url": facts.url,
    }


def _draft(facts: IncidentFacts, letter: Letter, *, kind: str, subject: str, to: Person) -> MessageDraft:
    return MessageDraft(
        kind=kind,
        sender_name=facts.business.name,
        to_name=to.name,
        to_address=to.email,
        subject=subject[:200],
        text=letter_text(letter),
        html=letter_html(letter),
    )
