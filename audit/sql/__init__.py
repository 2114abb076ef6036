"""Versioned SQL of the ledger."""
