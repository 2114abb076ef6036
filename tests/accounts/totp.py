"""An authenticator app: RFC 6238 over a base32 secret, as phones compute it."""

import base64
import hmac
import struct
import time


def totp(secret: str, *, at: float | None = None, step: int = 0) -> str:
    """Return the six digits of the current half minute, `step` half minutes later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int((time.time() if at is None else at) // 30) + step
    digest = hmac.new(key, struct.pack(">Q", counter), "sha1").digest()
    offset = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
