"""The door of the app: import from here, not from the modules behind it."""

from audit.ledger.canonical import Json, NotCanonical
from audit.ledger.entries import Actor
from audit.ledger.erasure import erase_person
from audit.ledger.founding import found_ledger, restrict_ledger, rotate_signing_key
from audit.ledger.keys import KeysUnusable, LedgerNotFounded, check_keys, check_tenant_keys
from audit.ledger.personal import PersonalDataAltered, reveal
from audit.ledger.reading import EntryNotFound, body_of_entry, entries, get_entry
from audit.ledger.recording import NotInTransaction, record
from audit.models import Entry

__all__ = [
    "Actor",
    "Entry",
    "EntryNotFound",
    "Json",
    "KeysUnusable",
    "LedgerNotFounded",
    "NotCanonical",
    "NotInTransaction",
    "PersonalDataAltered",
    "body_of_entry",
    "check_keys",
    "check_tenant_keys",
    "entries",
    "erase_person",
    "found_ledger",
    "get_entry",
    "record",
    "restrict_ledger",
    "reveal",
    "rotate_signing_key",
]
