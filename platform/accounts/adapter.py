"""How allauth behaves here: nobody signs up alone, guessing is counted, mails link to our own host."""

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from accounts.links import absolute_link
from accounts.throttle import Limit, count_attempt, forget_attempts, take_back_attempt
from kernel.clock import now as clock_now

_log = logging.getLogger(__name__)

# Guessing one account from one place, from everywhere, and many accounts from one place.
SIGN_IN_HERE = Limit("sign-in-here", attempts=5, window=timedelta(minutes=5))
SIGN_IN_ACCOUNT = Limit("sign-in-account", attempts=60, window=timedelta(hours=1))
SIGN_IN_PLACE = Limit("sign-in-place", attempts=60, window=timedelta(minutes=10))
# Mails that anybody can make us send: to one address, and from one place.
MAIL_ADDRESS = Limit("account-mail-address", attempts=3, window=timedelta(hours=1))
MAIL_PLACE = Limit("account-mail-place", attempts=20, window=timedelta(hours=1))
_ASKED_FOR = ("account/email/password_reset_key", "account/email/unknown_account")


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # untyped base
    """Sign-up closed; attempts counted in PostgreSQL, because no page may need a cache to answer.

    allauth calls these hooks at the edge of a request, so this is where the clock is read.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        """Accounts are made by onboarding and by invitation only."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where a sign-in leads: the portal of a business, the list of businesses for staff."""
        kind = getattr(getattr(request, "tenant", None), "kind", "business")
        return "/" if kind == "platform" else str(super().get_login_redirect_url(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt before the password is looked at; raises ValidationError when too many."""
        waits = [
            count_attempt(limit, who=who, now=clock_now())
            for limit, who in self._sign_in_counters(request, credentials)
        ]
        if wait := max((wait for wait in waits if wait), default=None):
            raise ValidationError(
                f"Too many attempts. Wait {_in_words(wait)}, or reset your password.",
                code="too_many_login_attempts",
            )

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Return the user, or None; a right password takes its own attempt back and no one else's.

        Wiping the counts instead would let an attacker reset them with sign-ins of their own.
        """
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            for limit, who in self._sign_in_counters(request, credentials):
                take_back_attempt(limit, who=who)
        return user

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Store a new password; whoever could read the mail may sign in with it at once."""
        super().set_password(user, password)
        for limit, who in self._sign_in_counters(self.request, {"email": user.get_username()})[:2]:
            forget_attempts(limit, who=who)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send now, outside any transaction; too many, or no mail server: a page says so."""
        if template_prefix in _ASKED_FOR:
            self._check_mail_allowed(email)
        tenant = getattr(self.request, "tenant", None)
        context = {**context, "email": email, "business": getattr(tenant, "name", "Holdfast")}
        try:
            self.render_mail(template_prefix, email, context).send()
        except (SMTPException, OSError) as error:
            _log.error("An account mail could not be sent: %s", error)
            self._answer("account/mail_failed.html", status=503, wait=timedelta(minutes=2))

    def format_email_subject(self, subject: str) -> str:
        """Leave the subject as its template says it: no site prefix."""
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a reset mail, built from the tenant's Domain."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return absolute_link(path.replace("UID-KEY", key))

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Check the password of a signed-in user by the user's own address (there are no user names)."""
        found = self.authenticate(self.request, email=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    def _sign_in_counters(self, request: HttpRequest, credentials: dict[str, Any]) -> list[tuple[Limit, str]]:
        email = str(credentials.get("email", "")).strip().lower()
        place = self.get_client_ip(request)
        return [(SIGN_IN_HERE, f"{email}\0{place}"), (SIGN_IN_ACCOUNT, email), (SIGN_IN_PLACE, place)]

    def _check_mail_allowed(self, email: str) -> None:
        counters = [(MAIL_ADDRESS, email.strip().lower()), (MAIL_PLACE, self.get_client_ip(self.request))]
        waits = [count_attempt(limit, who=who, now=clock_now()) for limit, who in counters]
        if wait := max((wait for wait in waits if wait), default=None):
            self._answer("account/too_many.html", status=429, wait=wait)

    def _answer(self, template: str, *, status: int, wait: timedelta) -> NoReturn:
        response = render(self.request, template, {"wait": _in_words(wait)}, status=status)
        response["Retry-After"] = str(int(wait.total_seconds()))
        raise ImmediateHttpResponse(response)


def _in_words(wait: timedelta) -> str:
    minutes = -(-int(wait.total_seconds()) // 60)
    return "one minute" if minutes <= 1 else f"{minutes} minutes"
