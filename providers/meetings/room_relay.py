"""STUN and TURN as a browser needs them: from settings, with credentials that die by themselves.

coturn's REST scheme (draft-uberti-behave-turn-rest-00, `use-auth-secret`): the user name is "expiry:id", the
password base64(HMAC-SHA1(secret, user name)). The id is the participant's, which names nobody.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TypedDict

from django.conf import settings

LIFETIME = timedelta(minutes=15)  # to begin with; an allocation that stands is refreshed beyond it


class IceServer(TypedDict, total=False):
    """One entry of RTCConfiguration.iceServers (W3C WebRTC, 4.2.4)."""

    urls: list[str]
    username: str
    credential: str


def turn_is_set() -> bool:
    """Say whether a TURN server is named and its secret known: without one, some networks cannot connect."""
    return bool(settings.HOLDFAST_TURN_URLS and settings.HOLDFAST_TURN_SECRET)


def ice_servers(peer: str, *, now: datetime) -> list[IceServer]:
    """Return the servers for one admitted participant; TURN credentials live for LIFETIME from `now`."""
    servers: list[IceServer] = []
    if settings.HOLDFAST_STUN_URLS:
        servers.append({"urls": list(settings.HOLDFAST_STUN_URLS)})
    if turn_is_set():
        username = f"{int((now + LIFETIME).timestamp())}:{peer}"
        servers.append(
            {
                "urls": list(settings.HOLDFAST_TURN_URLS),
                "username": username,
                "credential": turn_password(username, secret=settings.HOLDFAST_TURN_SECRET),
            }
        )
    return servers


def turn_password(username: str, *, secret: str) -> str:
    """Return base64(HMAC-SHA1(secret, username)), which coturn computes too."""
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
