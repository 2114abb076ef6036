"""Changes of a user's own sign-in leave an entry: which kind, never a secret, a code or a name."""

from typing import Any

from django.db import transaction

from accounts.models import User
from audit.api import Actor, record


def sign_factor_added(user: User, authenticator: Any, **_: object) -> None:
    """Record a new authenticator app, passkey or set of recovery codes."""
    _sign("add_second_factor", user, authenticator)


def sign_factor_removed(user: User, authenticator: Any, **_: object) -> None:
    """Record that one was removed."""
    _sign("remove_second_factor", user, authenticator)


def sign_factor_reset(user: User, authenticator: Any, **_: object) -> None:
    """Record that recovery codes were made anew."""
    _sign("renew_second_factor", user, authenticator)


def sign_password(user: User, **_: object) -> None:
    """Record that a password was changed, or reset by mail."""
    _record("change_password", user, {})


def _sign(action: str, user: User, authenticator: Any) -> None:
    _record(action, user, {"kind": str(authenticator.type)})


def _record(action: str, user: User, payload: dict[str, str]) -> None:
    with transaction.atomic():
        record(
            action,
            subject=f"user:{user.pk}",
            actor=Actor("user", str(user.pk)),
            payload=payload,
            reversible="none",
            because="Secrets are not kept in the ledger; the person sets their sign-in anew.",
        )
