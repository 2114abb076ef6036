"""The key that signs checkpoints: outside the database, in the data folder, apart from the tenants' keys.

`keys/checkpoint` holds the private key (0600, hexadecimal), `keys/checkpoint.pub` the public one, or the file that
HOLDFAST_CHECKPOINT_PUBLIC_KEY names. Whoever verifies needs the second only.
"""

import os
from pathlib import Path

from django.conf import settings

from audit.ledger.signing import SEED_BYTES, Signer, new_seed, signer
from kernel.errors import HoldfastError


class CheckpointKeyMissing(HoldfastError):
    """Checkpoints were signed with a key that is not there: without it nothing can be checked."""

    code = "key_missing"


def checkpoint_signer() -> Signer:
    """The checkpoint key, made on the first call of an installation that has no checkpoints yet.

    Raises CheckpointKeyMissing when there are checkpoints and no key, or the key cannot be read.
    """
    private, public = _private_file(), _public_file()
    if not private.exists():
        if public.exists() or any(Path(settings.HOLDFAST_CHECKPOINTS).glob("*/*.note")):
            raise CheckpointKeyMissing(
                f"There are checkpoints, and their key {private} is missing: put it back."
            )
        _make(private)
    try:
        found = signer(bytes.fromhex(private.read_text().strip()))
    except (OSError, ValueError) as error:
        raise CheckpointKeyMissing(f"The checkpoint key {private} cannot be read: {error}") from error
    if not public.exists():
        public.parent.mkdir(parents=True, exist_ok=True)
        _write(public, found.public_key.hex() + "\n", mode=0o644)
    return found


def checkpoint_public_key() -> bytes | None:
    """The public checkpoint key; None before the first checkpoint. Raises CheckpointKeyMissing."""
    public = _public_file()
    try:
        key = bytes.fromhex(public.read_text().strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CheckpointKeyMissing(f"The public checkpoint key {public} cannot be read: {error}") from error
    if len(key) != SEED_BYTES:
        raise CheckpointKeyMissing(f"The public checkpoint key {public} is not one.")
    return key


def _make(private: Path) -> None:
    private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _write(private, new_seed().hex() + "\n", mode=0o600)
    except FileExistsError:
        return  # another process made it first


def _write(path: Path, text: str, *, mode: int) -> None:
    """Write a new file whole or not at all; never over one that is there. Raises FileExistsError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
    finally:
        partial.unlink()


def _private_file() -> Path:
    return Path(settings.HOLDFAST_DATA) / "keys" / "checkpoint"


def _public_file() -> Path:
    named = settings.HOLDFAST_CHECKPOINT_PUBLIC_KEY
    return Path(named) if named else Path(settings.HOLDFAST_DATA) / "keys" / "checkpoint.pub"
