"""Proving that nobody rewrote a ledger; `core` needs neither Django nor a database."""
