"""Django's entry of the roof: it joins what lower rooms must not know of each other."""

from django.apps import AppConfig


class HoldfastConfig(AppConfig):
    """Start-up wiring and management commands."""

    name = "holdfast"
    label = "holdfast"

    def ready(self) -> None:
        """Say what every new tenant needs, and what the application's role must not touch."""
        from accounts.api import register_link_builder
        from audit.api import LEDGER_PRIVILEGES, found_ledger
        from booking.api import BOOKING_PRIVILEGES
        from holdfast.furnishing import furnishing
        from tenants.api import register_furnishing, restrict_application, tenant_url, when_provisioned

        register_link_builder(lambda path: tenant_url(None, path))
        restrict_application(LEDGER_PRIVILEGES)
        restrict_application(BOOKING_PRIVILEGES)
        register_furnishing(furnishing())
        when_provisioned(lambda _tenant, _now: found_ledger())
