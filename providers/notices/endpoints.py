"""Where a business wants its notices: added with a new secret, rotated, removed. Each change is signed."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from audit.api import Actor, Json, record
from kernel.crypto import open_sealed, seal
from kernel.errors import HoldfastError
from providers.models import WebhookEndpoint
from providers.notices.signing import new_secret
from providers.notices.systems import CHATS

OPERATOR = Actor("automation", "operator")
EVENTS = (
    "booking.confirmed",
    "booking.cancelled",
    "booking.rescheduled",
    "booking.reassigned",
    "incident.opened",
)


class InvalidEndpoint(HoldfastError):
    """The webhook endpoint cannot be added as it was given."""


def add_webhook_endpoint(
    url: str, *, events: Sequence[str] = (), now: datetime, actor: Actor = OPERATOR
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
            endpoint.sealed_secret = seal(secret.encode(), aad=secret_place(endpoint))
            endpoint.save(update_fields=["sealed_secret"])
            _sign("add_webhook", endpoint, actor, events=list(events))
    except IntegrityError as error:
        raise InvalidEndpoint("This webhook is there already.") from error
    return endpoint, secret


def add_chat(
    kind: str, url: str, *, events: Sequence[str] = (), now: datetime, actor: Actor = OPERATOR
) -> WebhookEndpoint:
    """Add a chat's incoming webhook; its address is sealed at once. No `events` means all of them.

    Raises InvalidEndpoint for an address that is none of this chat's, is there already, or an unknown event.
    """
    chat, unknown = CHATS[kind], sorted(set(events) - set(EVENTS))
    if unknown:
        raise InvalidEndpoint(f"There is no event called {unknown[0]!r}.")
    try:
        parts = urlsplit(url.strip())
        fits = parts.scheme == "https" and not parts.username and len(url) <= 1000 and chat.is_address(parts)
    except ValueError:
        fits = False
    if not fits and not _is_allowed(url):
        raise InvalidEndpoint(f"This is not the address of a webhook of {chat.name}. {chat.help}")
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(
                kind=kind,
                url=_shown(url.strip()),
                sealed_url=b"-",
                events=list(events),
                sealed_secret=b"",
                created_at=now,
            )
            endpoint.sealed_url = seal(url.strip().encode(), aad=secret_place(endpoint, "url"))
            endpoint.save(update_fields=["sealed_url"])
            _sign("add_chat", endpoint, actor, kind=kind, events=list(events))
    except IntegrityError as error:
        raise InvalidEndpoint("This webhook is there already.") from error
    return endpoint


def _shown(url: str) -> str:
    """Return what may be shown of a chat's address: the server, and a mark by which two are told apart."""
    mark, parts = hashlib.sha256(url.encode()).hexdigest()[:6], urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…{mark}"


def is_simulated(endpoint: WebhookEndpoint) -> bool:
    """Say whether the demo's stand-in is behind a chat."""
    simulator = settings.HOLDFAST_CHATS_SIMULATOR
    return bool(simulator) and endpoint.url.startswith(f"{simulator}/")


def _is_allowed(url: str) -> bool:
    """Say whether the platform allows this private address: a Mattermost in the own network, or a simulator."""
    parts = urlsplit(url.strip())
    return parts.scheme in ("http", "https") and parts.netloc.lower() in {
        str(each).lower() for each in settings.HOLDFAST_HTTP_ALLOW
    }


def remove_webhook_endpoint(endpoint_id: int, *, actor: Actor = OPERATOR) -> bool:
    """Remove an endpoint and its notices; False when it was not there."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
        if endpoint is None:
            return False
        _sign("remove_webhook", endpoint, actor)
        endpoint.delete()
    return True


def rotate_webhook_secret(endpoint: WebhookEndpoint, *, actor: Actor) -> str:
    """Give the endpoint a new secret, shown this once; the old one signs nothing from this moment."""
    secret = new_secret()
    with transaction.atomic():
        sealed = seal(secret.encode(), aad=secret_place(endpoint))
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(sealed_secret=sealed)
        _sign("rotate_webhook_secret", endpoint, actor)
    return secret


def switch_on_webhook(endpoint: WebhookEndpoint, *, actor: Actor) -> bool:
    """Send notices there again, after a 410 switched it off; False when it was on."""
    with transaction.atomic():
        changed = WebhookEndpoint.objects.filter(pk=endpoint.pk, active=False).update(active=True)
        if changed:
            _sign("switch_on_webhook", endpoint, actor)
    return bool(changed)


def get_webhook_endpoint(endpoint_id: int) -> WebhookEndpoint | None:
    """Return one endpoint of this tenant, None when it is not there."""
    return WebhookEndpoint.objects.filter(pk=endpoint_id).first()


def webhook_endpoints() -> list[WebhookEndpoint]:
    """Return all endpoints, oldest first. One query."""
    return list(WebhookEndpoint.objects.order_by("pk"))


def endpoint_secret(endpoint: WebhookEndpoint) -> str:
    """Return the secret in clear, to sign with; raises kernel.crypto.CannotOpen."""
    return open_sealed(bytes(endpoint.sealed_secret), aad=secret_place(endpoint)).decode()


def endpoint_address(endpoint: WebhookEndpoint) -> str:
    """Return where notices really go; raises kernel.crypto.CannotOpen."""
    if endpoint.kind == WebhookEndpoint.Kind.WEBHOOK:
        return endpoint.url
    return open_sealed(bytes(endpoint.sealed_url), aad=secret_place(endpoint, "url")).decode()


def _sign(action: str, endpoint: WebhookEndpoint, actor: Actor, **facts: Json) -> None:
    """Leave an entry: the receiver's host name, never the whole address (it may carry a token) or the secret."""
    record(
        action,
        subject=f"webhook:{endpoint.pk}",
        actor=actor,
        payload={"server": urlsplit(endpoint.url).hostname or "", **facts},
        reversible="partial",
        because="A secret is not kept in the ledger: adding it anew makes another one.",
    )


def secret_place(endpoint: WebhookEndpoint, what: str = "secret") -> str:
    """Return what a sealed secret or address ("url") is bound to."""
    return f"providers_webhookendpoint/{endpoint.pk}/{what}"
