"""A mail that came back becomes an incident: somebody does not know what they should."""

from booking.incidents import open_incident
from jobs.api import Lease, handles
from kernel.clock import now as clock_now
from providers.api import MAIL_RETURNED_JOB, get_message

INCIDENT = "mail_came_back"
_TEAM = "team_incident"


@handles(MAIL_RETURNED_JOB)
def tell_of_returned_mail(ref: str, _lease: Lease) -> None:
    """Open the incident of one mail, in words. The team is told too, unless it is a mail to the team of an incident
    that came back: that one would come back as well.
    """
    message = get_message(int(ref))
    why = message.failed_words.rstrip(".")
    open_incident(
        INCIDENT,
        subject=f"message:{message.pk}",
        title=f"A mail to {message.to_name or message.to_address} came back.",
        consequence=f"They were not told: “{message.subject}”. {why}. Reach them another way, or correct the address.",
        tell=not message.kind.startswith(_TEAM),
        now=clock_now(),
    )
