"""Founding: the platform's own tenant. Its console answers at its domain, businesses get theirs below it."""

import re
from datetime import datetime

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q

from kernel.errors import HoldfastError
from kernel.tenancy import PUBLIC, entered
from tenants.models import Domain, Tenant
from tenants.onboarding.names import LONGEST as LONGEST_LINK_NAME
from tenants.provisioning import provision

SLUG = "staff"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_HOST_NAME = 253


class NotFounded(HoldfastError):
    """The platform was not made or finished; the message says why. Nothing was changed."""

    code = "not_founded"


class FoundedElsewhere(NotFounded):
    """The platform stands at another domain, and an installation has one."""


def found_platform(
    *, domain: str, name: str, now: datetime, time_zone: str = "UTC", accent: str = "#2456d6"
) -> Tenant:
    """Make the platform's tenant at `domain`, or finish one that a killed run left half made; as the owner role.

    One that stands at `domain` keeps its name, zone and accent. Raises `NotFounded`.
    """
    domain, name = check_host_name(domain), check_name(name)
    with entered(PUBLIC):
        if not is_migrated():
            raise NotFounded(
                "The database is not migrated: run bin/holdfast migrate (manage.py migrate_all)."
            )
        _check_free(domain)
        made = provision(
            name=name, slug=SLUG, domain=domain, kind=Tenant.Kind.PLATFORM, time_zone=time_zone, accent=accent, now=now
        )  # fmt: skip
        _check_free(domain)  # somebody may have founded it elsewhere in this moment: it is theirs
        return made


def check_host_name(text: str) -> str:
    """Return a host name as a Host header brings it: small letters, IDNA, no port. Raises `NotFounded`.

    RFC 1123 section 2.1; a single label such as `localhost` is one. Link names must fit before it.
    """
    try:
        name = text.strip().lower().encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    fits = len(name) + 1 + LONGEST_LINK_NAME <= _LONGEST_HOST_NAME
    if not fits or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotFounded(
            f"“{text}” is not a host name. It looks like book.example.com: no https://, no port."
        )
    return name


def check_name(text: str) -> str:
    """Return a name with single spaces. Raises `NotFounded` unless it has 1 to 120 characters."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= 120:
        raise NotFounded("The platform's name has 1 to 120 characters.")
    return name


def is_migrated() -> bool:
    """Say whether the public schema stands at this code's version."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _check_free(domain: str) -> None:
    """Raise `NotFounded` where the platform stands elsewhere, or a business has its domain or short name."""
    stands = Domain.objects.filter(tenant__kind=Tenant.Kind.PLATFORM, is_primary=True)
    at = stands.values_list("domain", flat=True).first()
    if at is not None and at != domain:
        raise FoundedElsewhere(
            f"The platform stands at {at}, and an installation has one: nothing was changed."
        )
    business = Tenant.objects.filter(kind=Tenant.Kind.BUSINESS)
    taken = business.filter(Q(domains__domain=domain) | Q(slug=SLUG)).first()
    if taken is not None:
        what = "short name is staff" if taken.slug == SLUG else f"address is {domain}"
        raise NotFounded(f"There is a business, {taken.name}, whose {what}: nothing was changed.")
