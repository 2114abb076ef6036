"""The first letter to a new administrator: the page is open, and here you choose your password."""

from booking.messages.facts import Business
from booking.messages.letter import Letter, Link, letter_html, letter_text
from providers.api import MessageDraft
from tenants.api import Tenant, tenant_url


def invitation_letter(tenant: Tenant, *, to_name: str, to_address: str, link: str) -> MessageDraft:
    """Return the draft; `link` is the absolute address where the password is chosen, good for three days."""
    home = tenant_url(tenant, "/")
    letter = Letter(
        business=Business(name=tenant.name, accent=tenant.accent, home_url=home, mail_address=""),
        time=f"{tenant.name} is open for bookings",
        link=Link(label="Choose your password", url=link),
        heading=f"Welcome, {to_name}. Your booking page works already.",
        paragraphs=(
            "Clients can book a 30 minute meeting online with you, Monday to Friday from 9 to 5. Send them the address "
            "below, or put it on your website.",
            "The link to choose a password works once, for three days. After that, ask for another where you sign in.",
        ),
        rows=(("Your booking page", home), ("Your portal", tenant_url(tenant, "/portal/"))),
    )
    return MessageDraft(
        kind="invitation",
        sender_name=tenant.name,
        to_name=to_name,
        to_address=to_address,
        subject=f"Your booking page for {tenant.name} is open",
        text=letter_text(letter),
        html=letter_html(letter),
    )
