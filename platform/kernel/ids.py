"""Identifiers that people and databases see: random, short, never guessed, never typed by a user."""

import secrets

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters without the look-alikes l, o, 0, 1


def new_uid(length: int = 20) -> str:
    """Return a random identifier of `length` characters, 5 bits each (20 characters: 100 bits)."""
    return "".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(length))


def new_schema_name() -> str:
    """Return a name for a tenant's schema; generated, so that no user's text ever reaches DDL."""
    return f"t_{new_uid(16)}"
