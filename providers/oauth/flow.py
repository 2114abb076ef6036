"""The way to a vendor's consent page and back: PKCE, the state, and the hand-over to the tenant's own host.

A vendor knows one redirect address, on the platform's host, whatever domain a business has. What comes back there is
only passed on, signed, to the host where it began; that host's session holds the nonce and the PKCE verifier, so a
code is worth nothing to anybody else. Pure but for the signing key and the clock inside it.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.core import signing

from kernel.errors import HoldfastError
from providers.oauth.apps import AppCredentials
from providers.oauth.vendors import Vendor

RETURN_PATH = "/oauth/return/"
STATE_SECONDS = 900
HANDOVER_SECONDS = 120
_STATE, _HANDOVER = "holdfast.oauth.state", "holdfast.oauth.handover"


class StateRefused(HoldfastError):
    """What came back was not asked for by this browser at this business, or comes too late."""

    code = "forbidden"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A way that begins: `url` is the consent page; `nonce` and `verifier` stay in the session."""

    url: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class State:
    """What the vendor carries for us, signed: which tenant's schema and host began, and the nonce."""

    schema: str
    host: str
    nonce: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What the platform's host hands to the tenant's: the code, or the vendor's word for why there is none."""

    schema: str
    nonce: str
    error: str
    code: str = field(repr=False)


def depart(vendor: Vendor, app: AppCredentials, *, schema: str, host: str, redirect_uri: str) -> Departure:
    """Return the consent page's address with a fresh nonce and PKCE S256 challenge (RFC 7636, 4.1 to 4.3)."""
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    state = signing.dumps({"s": schema, "h": host, "n": nonce}, salt=_STATE)
    query = {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(vendor.scopes),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **dict(vendor.extra),
    }
    return Departure(
        url=f"{app.place(vendor.authorize_url)}?{urlencode(query)}", nonce=nonce, verifier=verifier
    )


def challenge_of(verifier: str) -> str:
    """Return BASE64URL(SHA256(verifier)) without padding (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def read_state(text: str) -> State:
    """Return the state that a vendor brought back, at most 15 minutes old; raises StateRefused."""
    said = _signed(text, salt=_STATE, seconds=STATE_SECONDS)
    return State(schema=said["s"], host=said["h"], nonce=said["n"])


def hand_over(state: State, *, code: str, error: str) -> str:
    """Return what the tenant's host is given: signed, good for two minutes."""
    return signing.dumps({"s": state.schema, "n": state.nonce, "c": code, "e": error}, salt=_HANDOVER)


def read_handover(text: str, *, schema: str) -> Arrival:
    """Return what was handed over to this tenant; raises StateRefused for another tenant's, altered or late."""
    said = _signed(text, salt=_HANDOVER, seconds=HANDOVER_SECONDS)
    if said["s"] != schema:
        raise StateRefused(_WORDS)
    return Arrival(schema=said["s"], nonce=said["n"], code=said["c"], error=said["e"])


_WORDS = "This answer does not belong to a connection that was begun here. Begin again."


def _signed(text: str, *, salt: str, seconds: int) -> dict[str, str]:
    try:
        said = signing.loads(text, salt=salt, max_age=seconds)
    except signing.SignatureExpired as error:
        raise StateRefused("That took too long. Begin again.") from error
    except signing.BadSignature as error:
        raise StateRefused(_WORDS) from error
    return {str(key): str(value) for key, value in said.items()}
