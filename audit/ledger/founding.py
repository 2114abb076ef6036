"""The first keys of a ledger, and the exchange of its signing key: each announced by a signed entry."""

from importlib import resources

from django.db import transaction

from audit.ledger import keys
from audit.ledger.appending import append
from audit.ledger.canonical import to_base64
from audit.ledger.entries import Actor, Draft
from audit.ledger.recording import record
from audit.ledger.signing import Signer, new_seed
from kernel import crypto
from kernel.tenancy import current_schema

FOUNDED = "ledger.founded"
ROTATED = "ledger.key_rotated"


def found_ledger() -> bool:
    """Give the current tenant its signing key and data key, and write entry 1; False if it has them already.

    Opens a transaction of its own where none is open. Raises KeyMissing without a key-encryption key.
    """
    with transaction.atomic():
        signer, wrapped_seed, wrapped_data_key = keys.wrapped(new_seed(), crypto.new_key())
        first = (signer.kid, signer.public_key, wrapped_seed, wrapped_data_key)
        if not keys.call("ledger_found_v1", first):
            return False
        record(FOUNDED, subject=f"ledger:{current_schema()}", actor=_AUTOMATION, payload=_announced(signer),
               reversible="none", because="A ledger begins once.")  # fmt: skip
    return True


def rotate_signing_key(*, actor: Actor) -> str:
    """Put a new signing key in force, announced by an entry that the old key signs; gives the new key's id.

    A transaction of its own: nothing else may be recorded between the announcement and the exchange.
    """
    with transaction.atomic(durable=True):
        signer, wrapped_seed = keys.wrapped_signing_key(new_seed())
        draft = Draft(
            ROTATED, f"ledger:{current_schema()}", actor, _announced(signer),
            reversible="none", because="A key that was exchanged stays exchanged.",
        )  # fmt: skip
        append([draft])
        keys.call("ledger_rotate_key_v1", [signer.kid, signer.public_key, wrapped_seed])
    return signer.kid


def _announced(signer: Signer) -> dict[str, str]:
    return {"kid": signer.kid, "public_key": to_base64(signer.public_key)}


_AUTOMATION = Actor("automation", "onboarding")
LEDGER_PRIVILEGES = resources.files("audit.sql").joinpath("grants_v1.sql").read_text(encoding="utf-8")
"""Takes back from the application's role what only the ledger's functions may do (tenants.api.restrict_application)."""
