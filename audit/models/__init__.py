"""The app's tables."""

from audit.models.entries import DataKey, Entry, Head, PersonKey, SigningKey
from audit.models.runs import Run, Step

__all__ = ["DataKey", "Entry", "Head", "PersonKey", "Run", "SigningKey", "Step"]
