"""The portal's place among Django's apps: pages, forms and HTTP, no models of the product."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers templates, static files and template tags under the label `portal`."""

    name = "portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell accounts, which stands below tenants, how links in its mails begin."""
        from accounts.api import register_link_builder
        from tenants.api import tenant_url

        register_link_builder(lambda path: tenant_url(None, path))
