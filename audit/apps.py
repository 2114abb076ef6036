"""Django's entry of the app: the ledger hears of every transaction, and knows the tenants' data keys."""

from importlib import import_module

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The signed ledger, Action, undo and the runner (tenant schema)."""

    name = "audit"
    label = "audit"

    def ready(self) -> None:
        from audit.ledger import checkpoints
        from audit.ledger.keys import data_key, known_data_key
        from audit.ledger.recording import LedgerHook
        from kernel import chores, crypto, stamps, transactions

        import_module("audit.sagas.runner")  # registers what performs runs and undos
        import_module("audit.sagas.buttons")
        crypto.register_data_key(stored=data_key, known=lambda: known_data_key()[1])
        transactions.register(LedgerHook())
        stamps.register_stamp(
            "ledger", "SELECT encode(hash, 'hex') FROM audit_head"
        )  # changes with every entry
        # always: a ledger that was emptied must be looked at, too
        chores.register_chore("checkpoint", "SELECT true", checkpoints.write_checkpoint)
