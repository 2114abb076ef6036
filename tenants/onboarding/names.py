"""Link names: the label before the platform's own host, `<link name>.<base host>`. Pure but for `free`."""

import re

from tenants.models import Domain, Tenant

LONGEST = 40
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_KEPT = """
about abuse account accounts admin administrator api app assets auth autoconfig autodiscover bench billing blog book
booking bookings cdn console contact demo dev docs download email ftp gateway health help holdfast hostmaster imap info
internal ldap legal live local localhost login logout mail mx news no-reply noreply ns ns1 ns2 office ops platform pop
portal postmaster privacy prod public root sandbox security server signup smtp sso staff staging static status support
sysadmin system team test turn webmail webmaster www
"""
RESERVED = frozenset(_KEPT.split())


def name_fault(name: str) -> str:
    """Return why `name` cannot be a link name, in words; "" if its form is right (RFC 1123 section 2.1)."""
    if not name:
        return "Choose a link name: clients will type it."
    if len(name) < 3 or len(name) > LONGEST:
        return f"A link name has 3 to {LONGEST} characters."
    if not _NAME.fullmatch(name) or name.startswith("xn--"):
        return "Use small letters a to z, digits and hyphens; begin and end with a letter or digit."
    if name in RESERVED:
        return f"“{name}” is kept for the platform itself. Choose another name."
    return ""


def taken_fault(name: str, *, base_host: str) -> str:
    """Return why a well-formed name cannot be used now, "" if it is free. One query."""
    taken = Tenant.objects.filter(slug=name).exists() or is_taken_domain(f"{name}.{base_host}")
    return f"“{name}.{base_host}” is taken. Choose another name." if taken else ""


def is_taken_domain(domain: str) -> bool:
    """Say whether a host name belongs to somebody."""
    return bool(Domain.objects.filter(domain=domain).exists())


def base_host() -> str:
    """Return the platform's own host name, below which businesses get theirs."""
    platform: str = Domain.objects.values_list("domain", flat=True).get(
        tenant__kind=Tenant.Kind.PLATFORM, is_primary=True
    )
    return platform
