"""Registers the accounts app; its tables exist in every tenant's schema and never in the public one."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, API keys and the counters that slow down guessing."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
