"""The portal's place among Django's apps: pages, forms and HTTP, no models of the product."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers templates, static files and template tags under the label `portal`."""

    name = "portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
