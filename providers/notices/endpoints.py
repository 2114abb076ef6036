"""Where a business wants its notices: added with a new secret, removed with everything sent there."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from kernel.crypto import open_sealed, seal
from kernel.errors import HoldfastError
from providers.models import WebhookEndpoint
from providers.notices.signing import new_secret

EVENTS = ("booking.confirmed", "booking.cancelled", "booking.rescheduled")


class InvalidEndpoint(HoldfastError):
    """The webhook endpoint cannot be added as it was given."""


def add_webhook_endpoint(
    url: str, *, events: Sequence[str] = (), now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint and return it with its secret, which is shown this once. No `events` means all of them.

    Raises InvalidEndpoint for an address that is not http(s), is there already, or an unknown event.
    """
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise InvalidEndpoint(f"There is no event called {unknown[0]!r}.")
    if not url.startswith(("https://", "http://")) or len(url) > 500:
        raise InvalidEndpoint("A webhook's address starts with https://.")
    secret = new_secret()
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(
                url=url, events=list(events), sealed_secret=b"", created_at=now
            )
            endpoint.sealed_secret = seal(secret.encode(), aad=_place(endpoint))
            endpoint.save(update_fields=["sealed_secret"])
    except IntegrityError as error:
        raise InvalidEndpoint("This webhook is there already.") from error
    return endpoint, secret


def remove_webhook_endpoint(endpoint_id: int) -> bool:
    """Remove an endpoint and its notices; False when it was not there."""
    return WebhookEndpoint.objects.filter(pk=endpoint_id).delete()[0] > 0


def webhook_endpoints() -> list[WebhookEndpoint]:
    """Return all endpoints, oldest first. One query."""
    return list(WebhookEndpoint.objects.order_by("pk"))


def endpoint_secret(endpoint: WebhookEndpoint) -> str:
    """Return the secret in clear, to sign with; raises kernel.crypto.CannotOpen."""
    return open_sealed(bytes(endpoint.sealed_secret), aad=_place(endpoint)).decode()


def _place(endpoint: WebhookEndpoint) -> str:
    return f"providers_webhookendpoint/{endpoint.pk}/secret"
