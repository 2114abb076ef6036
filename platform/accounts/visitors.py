"""Visitors who prove a mail address by a code: six digits, ten minutes, five tries, one live code each.

Codes live in PostgreSQL, as digests under the installation's secret: who reads the table cannot use them.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac

from accounts.models import VisitorCode
from accounts.throttle import Limit, count_attempt
from kernel.tenancy import current_schema

CODE_LIFETIME = timedelta(minutes=10)
CODE_ATTEMPTS = 5
CODES_ADDRESS = Limit("visitor-code-address", attempts=5, window=timedelta(hours=1))
CODES_PLACE = Limit("visitor-code-place", attempts=20, window=timedelta(hours=1))
TRIES_PLACE = Limit("visitor-tries-place", attempts=30, window=timedelta(hours=1))


def issue_code(address: str, *, place: str, now: datetime) -> str | timedelta:
    """Return a new code for `address`, which ends the one before; or how long to wait: too many were asked for.

    `place` is where it was asked from. The code exists nowhere else in clear.
    """
    counted = [(CODES_ADDRESS, _key(address)), (CODES_PLACE, place)]
    if wait := max(
        filter(None, (count_attempt(limit, who=who, now=now) for limit, who in counted)), default=None
    ):
        return wait
    code = f"{secrets.randbelow(1_000_000):06}"
    VisitorCode.objects.update_or_create(
        address_key=_key(address),
        defaults={
            "hashed_code": _digest(address, code),
            "expires_at": now + CODE_LIFETIME,
            "attempts_left": CODE_ATTEMPTS,
        },
    )
    VisitorCode.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    return code


def redeem_code(address: str, code: str, *, place: str, now: datetime) -> bool:
    """Say whether `code` is the live one of `address`, and end it if so; a wrong one costs an attempt.

    Unknown address, wrong, used up and too late are the same False. Exact under concurrency: an attempt is
    taken by a guarded update before the code is looked at, and a code is redeemed once.
    """
    if count_attempt(TRIES_PLACE, who=place, now=now):
        return False
    live = VisitorCode.objects.filter(address_key=_key(address))
    if not live.filter(expires_at__gt=now, attempts_left__gt=0).update(attempts_left=F("attempts_left") - 1):
        return False
    found = live.first()
    digest = _digest(address, code)
    if found is None or not hmac.compare_digest(found.hashed_code, digest):
        return False
    return live.filter(hashed_code=digest).delete()[0] == 1


def _key(address: str) -> str:
    return _keyed("holdfast.visitor.address", address.strip().lower())


def _digest(address: str, code: str) -> str:
    return _keyed("holdfast.visitor.code", f"{address.strip().lower()}\0{code}")


def _keyed(salt: str, value: str) -> str:
    return salted_hmac(salt, f"{current_schema()}|{value}", algorithm="sha256").hexdigest()
