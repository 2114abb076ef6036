"""Django's entry of the app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The registry of businesses (shared schema)."""

    name = "tenants"
    label = "tenants"
