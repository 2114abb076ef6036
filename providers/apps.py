"""Django's entry of the app."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """All that leaves the building (each tenant's schema)."""

    name = "providers"
    label = "providers"

    def ready(self) -> None:
        """Register the job that follows calendars, what tells that a connected calendar changed, and what is sealed."""
        from kernel.stamps import register_stamp
        from providers import sealing
        from providers.calendars import sync_job  # noqa: F401  registration by import, at start-up

        sealing.register()
        register_stamp("calendars", "SELECT stamp::text FROM providers_calendars")
