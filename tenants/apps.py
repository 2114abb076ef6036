"""Django's entry of the app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The registry of businesses (shared schema)."""

    name = "tenants"
    label = "tenants"

    def ready(self) -> None:
        """Register the platform's workflows with the runner."""
        from tenants import contention, departure, schemas, suspension  # noqa: F401  registration by import, at start-up
        from tenants.onboarding import workflow  # noqa: F401  the same
