"""The signature is that of the Standard Webhooks specification, computed here from its text."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from providers.notices.signing import new_secret, signed_headers

NOW = datetime(2026, 10, 1, 12, 0, 0, 999999, tzinfo=UTC)


def test_the_specifications_own_example_is_signed_the_same_way() -> None:
    # the example of github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        notice_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        now=at,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_that_follows_the_specification_accepts_and_a_flipped_byte_is_refused() -> None:
    secret = new_secret()
    headers = signed_headers(secret, notice_id="msg_1", body='{"ü":1}'.encode(), now=NOW)
    assert headers["webhook-timestamp"] == "1790856000"
    assert _accepts(secret, headers, '{"ü":1}'.encode()) is True
    assert _accepts(secret, headers, '{"ü":2}'.encode()) is False
    assert _accepts(secret, {**headers, "webhook-id": "msg_2"}, '{"ü":1}'.encode()) is False
    assert _accepts(secret, {**headers, "webhook-timestamp": "1790856001"}, '{"ü":1}'.encode()) is False
    assert _accepts(new_secret(), headers, '{"ü":1}'.encode()) is False


def test_secrets_are_long_random_and_prefixed() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert (first[:6], len(base64.b64decode(first[6:]))) == ("whsec_", 32)


def _accepts(secret: str, headers: dict[str, str], body: bytes) -> bool:
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret[6:]), content, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
