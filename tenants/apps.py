"""Django's entry of the app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The registry of businesses (shared schema)."""

    name = "tenants"
    label = "tenants"

    def ready(self) -> None:
        """Register the platform's workflows with the runner, and what tells that a tenant changed."""
        from kernel.stamps import LookAgain, register_stamp
        from kernel.transactions import register
        from tenants import contention, departure, schemas, suspension  # noqa: F401  registration by import, at start-up
        from tenants.middleware import STAMP, STAMP_QUERY
        from tenants.onboarding import workflow  # noqa: F401  the same

        register_stamp(STAMP, STAMP_QUERY)
        register(LookAgain())
