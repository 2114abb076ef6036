"""The vendors that the pages offer, and the one address that they send browsers back to."""

from providers.api import RETURN_PATH, VENDOR_KINDS, UnknownVendor, Vendor, vendor
from tenants.api import address_of, base_host


def redirect_uri() -> str:
    """Return the one address that vendors know, on the platform's own host."""
    return address_of(base_host(), RETURN_PATH)


def known_vendor(kind: str) -> Vendor | None:
    """Return the vendor, or None for a word that is none."""
    try:
        return vendor(kind)
    except UnknownVendor:
        return None


def vendors() -> list[Vendor]:
    """Return all vendors, in the order of the page."""
    return [vendor(kind) for kind in VENDOR_KINDS]
