"""How allauth's second factors behave here: secrets sealed, guesses counted in PostgreSQL, codes used once.

allauth counts and remembers in a cache, and no page here may need one; so its two code forms are ours.
"""

import base64
from datetime import timedelta
from typing import Any

import qrcode
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.forms import ValidationError

from accounts.models import User
from accounts.throttle import Limit, count_attempt, take_back_attempt
from kernel import crypto
from kernel.clock import now as clock_now
from kernel.sealed import Again

CODES = Limit("second-factor", attempts=5, window=timedelta(minutes=5))
_USED = Limit("second-factor-used", attempts=1, window=timedelta(minutes=3))  # a code lives 90 s at most
_PLACE = "mfa_authenticator/secret"


_SEALED_VALUES = ("secret", "seed")


def has_second_factor(user: User) -> bool:
    """Say whether the user has an authenticator app or a passkey. One query."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists())


def reseal_factors(again: Again) -> int:
    """Pass the secrets of authenticator apps and recovery codes through `again`, as `SealedMFAAdapter` seals them."""
    count = 0
    for row in Authenticator.objects.select_for_update().order_by("pk"):
        data = dict(row.data)
        for name in _SEALED_VALUES:
            if name in data:
                data[name] = _again(again, data[name])
                count += 1
        if "migrated_codes" in data:
            data["migrated_codes"] = [_again(again, code) for code in data["migrated_codes"]]
            count += len(data["migrated_codes"])
        Authenticator.objects.filter(pk=row.pk).update(data=data)
    return count


def _again(again: Again, text: str) -> str:
    return base64.b64encode(again(base64.b64decode(text), _PLACE)).decode()


class SealedMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # untyped base
    """Keeps secrets sealed with the tenant's data key; names the business, not the software, in the app."""

    def encrypt(self, text: str) -> str:
        """Return the secret sealed, as text."""
        return base64.b64encode(crypto.seal(text.encode(), aad=_PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret in clear; raises kernel.crypto.CannotOpen."""
        return crypto.open_sealed(base64.b64decode(encrypted_text), aad=_PLACE).decode()

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002  allauth's signature
        """Return "Passkey", "Passkey 2" and so on."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code as an SVG without style or script, black on white whatever the scheme."""
        code = qrcode.QRCode(border=3)
        code.add_data(url)
        rows = code.get_matrix()
        size = len(rows)
        path = "".join(
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
        )
        return (
            f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="QR code of the secret below">'
            f'<rect width="{size}" height="{size}" fill="#ffffff"></rect><path d="{path}" fill="#000000"></path></svg>'
        )

    def _get_site_name(self) -> str:
        tenant = getattr(context.request, "tenant", None)
        return str(getattr(tenant, "name", "Holdfast"))


class _Counted:
    """What a form that takes a code does besides allauth's own check."""

    user: User

    def clean_code(self) -> Any:
        who = str(self.user.pk)
        now = clock_now()
        if wait := count_attempt(CODES, who=who, now=now):
            minutes = -(-int(wait.total_seconds()) // 60)
            raise ValidationError(
                f"Too many codes. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
            )
        code = super().clean_code()  # type: ignore[misc]  # allauth's form, beside this in the bases
        if count_attempt(_USED, who=f"{who}\0{''.join(str(code).split())}", now=now):
            raise ValidationError("This code was used already. Wait for the next one.")
        take_back_attempt(CODES, who=who)
        return code


class CountedAuthenticateForm(_Counted, AuthenticateForm):  # type: ignore[misc]  # untyped base
    """The code at sign-in."""


class CountedReauthenticateForm(_Counted, ReauthenticateForm):  # type: ignore[misc]  # untyped base
    """The code before a change of the sign-in."""


class CountedActivateForm(_Counted, ActivateTOTPForm):  # type: ignore[misc]  # untyped base
    """The first code of a new authenticator app."""
