"""Registers the accounts app; its tables exist in every tenant's schema and never in the public one."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, API keys and the counters that slow down guessing."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have changes of sign-ins signed, and say what is sealed."""
        from allauth.account import signals as account
        from allauth.mfa import signals as factors

        from accounts import signing
        from accounts.second_factor import reseal_factors
        from kernel.sealed import Sealed, register_sealed

        register_sealed(Sealed("second factors", reseal_factors))

        factors.authenticator_added.connect(signing.sign_factor_added)
        factors.authenticator_removed.connect(signing.sign_factor_removed)
        factors.authenticator_reset.connect(signing.sign_factor_reset)
        account.password_changed.connect(signing.sign_password)
        account.password_reset.connect(signing.sign_password)
