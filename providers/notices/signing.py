"""The signature of a webhook, pure. Source: the Standard Webhooks specification (standardwebhooks.com), 1.0.

The signed content is "id.timestamp.body", HMAC-SHA256 under the endpoint's secret, base64, behind "v1,".
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """Return a new endpoint secret in the form that receivers' libraries read: "whsec_" and base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(secret: str, *, notice_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the three headers for one attempt; `now` is its webhook-timestamp, in whole seconds."""
    timestamp = str(int(now.timestamp()))
    content = b".".join((notice_id.encode(), timestamp.encode(), body))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
