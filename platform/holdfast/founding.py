"""The first hour of an installation: the platform is made, and its console's first owner is invited."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.api import (
    Invitation,
    Role,
    User,
    invitation_link,
    invite,
    renew_invitation,
    send_invitation,
    withdraw_invitation,
)
from audit.api import Actor
from holdfast.startup import check
from kernel.tenancy import entered
from providers.api import check_mail_address
from tenants.api import Tenant, found_platform, only_run, tenant_url

OPERATOR = Actor("automation", "operator")


@dataclass(frozen=True)
class Founded:
    """The platform, and the invitation to its console; `link` "": `email` has an account there already."""

    name: str
    console: str
    email: str
    link: str = ""
    is_mailed: bool = False


def found(*, domain: str, name: str, email: str, now: datetime) -> Founded:
    """Make the platform at `domain` and invite `email` as an owner of its console; as the owner role.

    Said again it finishes what a killed run left, and mails a fresh link to whoever has not taken theirs up.
    Raises HoldfastError in words: NotFounded, BadAddress, MigrationUnderWay, or what keeps a process from serving.
    """
    address = check_mail_address(email.strip()).lower()
    with only_run():
        tenant = found_platform(domain=domain, name=name, now=now)
    check()
    with entered(tenant.schema_name):
        return _invited(tenant, address, now)


def _invited(tenant: Tenant, address: str, now: datetime) -> Founded:
    console = tenant_url(tenant, "/")
    with transaction.atomic():
        if User.objects.filter(email=address).exists():
            return Founded(tenant.name, console, address)
        invitation = _invitation(address, now)
    mailed = send_invitation(None, invitation, business=tenant.name, inviter="The operator")
    return Founded(tenant.name, console, address, invitation_link(invitation), mailed)


def _invitation(address: str, now: datetime) -> Invitation:
    """Return the address's invitation, new or with a new link. While nobody signs in, it is the only one:
    an address that was mistyped opens nothing."""
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    if not User.objects.exists():
        for other in waiting.exclude(email=address):
            withdraw_invitation(other.pk, actor=OPERATOR, now=now)
    found = waiting.filter(email=address).first()
    if found is not None:
        return renew_invitation(found.pk, actor=OPERATOR, now=now)
    name = address.partition("@")[0]
    return invite(address, name=name, role=Role.OWNER, host_id=None, actor=OPERATOR, now=now)
