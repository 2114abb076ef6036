"""Django's entry of the app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The outbox (shared schema)."""

    name = "jobs"
    label = "jobs"
