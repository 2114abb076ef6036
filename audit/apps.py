"""Django's entry of the app: the ledger hears of every transaction, and knows the tenants' data keys."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The signed ledger, Action, undo and the runner (tenant schema)."""

    name = "audit"
    label = "audit"

    def ready(self) -> None:
        from audit.ledger.keys import data_key
        from audit.ledger.recording import LedgerHook
        from kernel import crypto, transactions

        crypto.register_data_key(data_key)
        transactions.register(LedgerHook())
