"""Erasing a person from the ledger: their key is destroyed, and that is said in a signed entry."""

from audit.ledger.entries import Actor
from audit.ledger.recording import record
from audit.models import PersonKey


def erase_person(person: str, *, actor: Actor) -> bool:
    """Destroy the person's key, and say so in the ledger; False (and no entry) if there was none.

    Inside a transaction. Afterwards `reveal` gives None for every entry about them; the chain still verifies.
    """
    deleted, _ = PersonKey.objects.filter(person=person).delete()
    if not deleted:
        return False
    record(
        "ledger.person_erased",
        subject=f"person:{person}",
        actor=actor,
        payload={},
        reversible="none",
        because="A destroyed key cannot come back.",
    )
    return True
