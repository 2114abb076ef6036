"""The signed ledger of one tenant: what an entry is, how it is recorded, appended, and kept provable."""
