"""Inviting: somebody is asked in by mail, and becomes a user by choosing a password behind a signed link.

The link carries the invitation's number and version under our signature, nothing is stored of it: it works
once, for seven days, and a renewed or withdrawn invitation makes it void. It is mailed outside the outbox,
so that nobody who reads Messages can accept in the invited person's place.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts.links import absolute_link
from accounts.models import Invitation, Role, User
from audit.api import Actor, Json, record
from kernel.errors import HoldfastError
from kernel.tenancy import current_schema

_log = logging.getLogger(__name__)
LASTS = timedelta(days=7)


class NotInvitable(HoldfastError):
    """This address cannot be invited; the message says why."""


class InvitationOver(HoldfastError):
    """The link opens nothing (any more); the message says what to do."""


def invite(
    email: str, *, name: str, role: str, host_id: int | None, actor: Actor, now: datetime
) -> Invitation:
    """Store an invitation for seven days; inside a transaction. Raises NotInvitable.

    `host_id` is the host who will sign in with it.
    """
    address = email.strip().lower()
    if User.objects.filter(email=address).exists():
        raise NotInvitable("Somebody with this address has an account here already.")
    try:
        with transaction.atomic():
            made = Invitation.objects.create(
                email=address, name=name, role=role, host_id=host_id, created_at=now, expires_at=now + LASTS
            )
    except IntegrityError:
        raise NotInvitable("This address is invited already. Send that invitation again.") from None
    record(
        "invite_user",
        subject=f"invitation:{made.pk}",
        actor=actor,
        payload={"role": role, "host": host_id},
        reversible="partial",
        because="A mail cannot be unsent; withdrawing makes its link void.",
    )
    return made


def renew_invitation(invitation_id: int, *, actor: Actor, now: datetime) -> Invitation:
    """Give an open invitation seven more days and a new link; older links are void. Raises InvitationOver."""
    with transaction.atomic():
        found = _open(invitation_id)
        found.version += 1
        found.expires_at = now + LASTS
        found.save(update_fields=["version", "expires_at"])
        payload = {"version": found.version}
        record("renew_invitation", subject=f"invitation:{found.pk}", actor=actor, payload=payload)
    return found


def withdraw_invitation(invitation_id: int, *, actor: Actor, now: datetime) -> Invitation:
    """Make an open invitation and its links void; inside a transaction. Raises InvitationOver."""
    found = _open(invitation_id)
    found.withdrawn_at = now
    found.save(update_fields=["withdrawn_at"])
    record("withdraw_invitation", subject=f"invitation:{found.pk}", actor=actor, payload={})
    return found


def find_invitation(token: str, *, now: datetime) -> Invitation:
    """Return the invitation that a link opens now. Raises InvitationOver; what is wrong is not told apart."""
    try:
        invitation_id, version = signing.loads(token, salt=_salt())
    except (signing.BadSignature, ValueError, TypeError):
        raise InvitationOver(_OVER) from None
    found = Invitation.objects.filter(pk=invitation_id, version=version).first()
    if found is None or not found.is_open or found.expires_at <= now:
        raise InvitationOver(_OVER)
    return found


def accept_invitation(token: str, *, password: str, now: datetime) -> tuple[Invitation, User]:
    """Make the user, once; inside a transaction. Raises InvitationOver."""
    found = _open(find_invitation(token, now=now).pk)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                found.email, name=found.name, role=found.role, host_id=found.host_id, password=password
            )
    except IntegrityError:
        raise InvitationOver("You have an account here already. Sign in with it.") from None
    found.accepted_at = now
    found.save(update_fields=["accepted_at"])
    payload: dict[str, Json] = {"invitation": found.pk, "role": found.role, "host": found.host_id}
    actor = Actor(type="user", id=str(user.pk))
    record("accept_invitation", subject=f"user:{user.pk}", actor=actor, payload=payload, reversible="none",
           because="Deactivate the person instead.")  # fmt: skip
    return found, user


def send_invitation(
    request: HttpRequest | None, invitation: Invitation, *, business: str, inviter: str
) -> bool:
    """Mail the link now, outside any transaction; False when no mail server took it. `request` None: a command."""
    from allauth.account.adapter import get_adapter  # allauth may load only after the apps

    context = {
        "email": invitation.email,
        "name": invitation.name,
        "business": business,
        "inviter": inviter,
        "role": Role(invitation.role).label.lower(),
        "link": invitation_link(invitation),
    }
    try:
        get_adapter(request).render_mail("account/email/invitation", invitation.email, context).send()
    except (SMTPException, OSError) as error:
        _log.error("An invitation could not be sent: %s", error)
        return False
    return True


def invitation_link(invitation: Invitation) -> str:
    """Return the address behind which the invitation is accepted, at the tenant's own Domain."""
    token = signing.dumps([invitation.pk, invitation.version], salt=_salt())
    return absolute_link(reverse("account_invitation", args=[token]))


_OVER = "This invitation was used, withdrawn or renewed, or it is older than seven days. Ask for a new one."


def _salt() -> str:
    return f"accounts.invitation|{current_schema()}"


def _open(invitation_id: int) -> Invitation:
    """Return the invitation, locked, if it still waits for its answer."""
    found = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if found is None or not found.is_open:
        raise InvitationOver("This invitation was accepted or withdrawn already.")
    return found
