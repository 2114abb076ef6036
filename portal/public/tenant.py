"""Whose page this is, and whether it takes bookings now."""

from django.http import HttpRequest

from kernel.errors import HoldfastError
from kernel.reasons import Reason
from tenants.api import Tenant


class NotBooking(HoldfastError):
    """The business takes no bookings now: paused by itself, or suspended by the platform."""

    code = Reason.TENANT_PAUSED.value


def tenant_of(request: HttpRequest) -> Tenant:
    """Return the tenant that the host name picked (set by tenants.middleware)."""
    found = getattr(request, "tenant", None)
    if not isinstance(found, Tenant):
        raise TypeError("A client page was asked for without a tenant.")
    return found


def check_takes_bookings(tenant: Tenant) -> None:
    """Raise NotBooking while the tenant is paused or suspended; what is already booked stays reachable."""
    if tenant.suspended_at is not None:
        raise NotBooking(
            f"{tenant.name} cannot take bookings at the moment. Meetings that are already booked stand.",
            code=Reason.TENANT_SUSPENDED.value,
        )
    if tenant.paused_at is not None:
        raise NotBooking(
            f"{tenant.name} has paused new bookings. Meetings that are already booked stand.",
        )
