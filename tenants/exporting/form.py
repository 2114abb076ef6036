"""The names inside an exported file, for whoever writes it and whoever proves it. No Django."""

from typing import Final

FORM: Final = "holdfast/export/v1"
EXPORTED: Final = "export_business"  # the entry that signs the manifest
README: Final = "README.txt"
MANIFEST: Final = "manifest.json"
ENTRIES: Final = "ledger/entries.jsonl"
KEYS: Final = "ledger/keys.json"
PERSONAL: Final = "ledger/personal.jsonl"
CHECKPOINTS: Final = "ledger/checkpoints/"
CHECKPOINT_KEY: Final = "ledger/checkpoint.pub"
