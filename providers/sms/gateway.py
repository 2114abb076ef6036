"""A gateway of the business's own choice, at an address that it typed: JSON over guarded HTTP, with a key.

POST {"to", "text", "reference"} with `Authorization: Bearer <secret>` and `Idempotency-Key: <reference>`; any 2xx means
that it was taken. What becomes of it is not reported.
"""

from kernel.calling import retry_after_seconds
from kernel.http import ForbiddenAddress, HttpError, guarded_client
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable
from providers.sms.carrier import Carrier

_TIMEOUT_SECONDS = 10.0


def send_by_gateway(carrier: Carrier, *, to: str, text: str, reference: str) -> None:
    """Hand a text over. The key makes a repeat harmless, where the gateway looks at it.

    Raises Unreachable, RateLimited, Unauthorised, Rejected.
    """
    headers = {"Authorization": f"Bearer {carrier.secret}", "Idempotency-Key": reference}
    body = {"to": to, "text": text, "reference": reference}
    try:
        with guarded_client(timeout_seconds=_TIMEOUT_SECONDS) as client:
            answer = client.post(carrier.url, json=body, headers=headers)
    except ForbiddenAddress as error:
        raise Rejected(f"The gateway cannot be used: {error.message}") from error
    except HttpError as error:
        raise Unreachable(f"The gateway does not answer: {error.message}") from error
    status = answer.status_code
    if status == 429:
        raise RateLimited("The gateway asks us to come back later.", retry_after=retry_after_seconds(answer))
    if status in (401, 403):
        raise Unauthorised(f"The gateway does not take the secret (HTTP {status}).")
    if status >= 500:
        raise Unreachable(f"The gateway has a fault of its own (HTTP {status}).")
    if not answer.is_success:
        raise Rejected(f"The gateway refused the text (HTTP {status}).")
