"""The app's tables."""

from audit.models.entries import DataKey, Entry, Head, PersonKey, SigningKey

__all__ = ["DataKey", "Entry", "Head", "PersonKey", "SigningKey"]
