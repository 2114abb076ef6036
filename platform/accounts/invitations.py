"""The link with which somebody who was invited chooses a first password: once, and for three days.

It is allauth's reset link, so there is one door and one expiry (PASSWORD_RESET_TIMEOUT); signing in or using it
makes it worthless.
"""

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from accounts.links import absolute_link
from accounts.models import User


def password_link(user: User) -> str:
    """Return the absolute link with which `user`, of the current tenant, chooses a password."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    parts = {"uidb36": user_pk_to_url_str(user), "key": token}
    path = reverse("account_reset_password_from_key", kwargs=parts, urlconf="holdfast.urls.business")
    return absolute_link(path)


def awaits_first_password(user: User) -> bool:
    """Say whether nobody has chosen a password for this account yet."""
    return user.is_active and user.last_login is None and not user.has_usable_password()
