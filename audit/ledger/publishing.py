"""The public keys of a ledger, for /.well-known/holdfast/keys.json."""

from audit.ledger.canonical import to_base64
from audit.ledger.checkpoint_key import checkpoint_public_key
from audit.ledger.notes import KEY_NAME, verifier_key
from audit.ledger.signing import key_id
from audit.models import SigningKey


def public_keys() -> list[dict[str, str | None]]:
    """The current tenant's signing keys, oldest first, then the installation's checkpoint key.

    64-bit numbers are decimal strings; `valid_from` and `valid_to` are entry numbers, inclusive. One query.
    """
    keys: list[dict[str, str | None]] = [
        {
            "use": "ledger",
            "kid": key.kid,
            "alg": key.algorithm,
            "public_key": to_base64(bytes(key.public_key)),
            "valid_from": str(key.valid_from),
            "valid_to": None if key.valid_to is None else str(key.valid_to),
        }
        for key in SigningKey.objects.order_by("valid_from")
    ]
    checkpoint_key = checkpoint_public_key()
    if checkpoint_key is not None:
        keys.append(
            {
                "use": "checkpoint",
                "kid": key_id(checkpoint_key),
                "alg": "Ed25519",
                "public_key": to_base64(checkpoint_key),
                "name": KEY_NAME,
                "verifier_key": verifier_key(checkpoint_key),
            }
        )
    return keys
