"""A checkpoint as a signed note (C2SP tlog-checkpoint and signed-note). No Django here.

Text: origin, size, base64 root, then our extension lines: `at <instant>`, `last <hash of the last entry>`,
`first-key <id of the key of entry 1>` and `tree <subtree roots>`, from which the next checkpoint is grown.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from audit.ledger.canonical import from_base64, to_base64
from audit.ledger.merkle import Frontier
from audit.ledger.signing import Signer, is_signed

ORIGIN: Final = "holdfast/"
KEY_NAME: Final = "holdfast-checkpoint"
_DASH: Final = "\u2014 "
_ED25519: Final = b"\x01"


class BadNote(ValueError):
    """The note is not one, or its signature is not the checkpoint key's; the message says which."""


@dataclass(frozen=True)
class Checkpoint:
    """What was seen of a tenant's ledger at an instant (UTC, RFC 3339 with microseconds)."""

    tenant: str
    at: str
    last: bytes
    first_key: str
    frontier: Frontier

    @property
    def size(self) -> int:
        return self.frontier.size

    def text(self) -> str:
        """The note's text, which is signed, including its last newline."""
        tree = ",".join(to_base64(subtree) for subtree in self.frontier.subtrees)
        return (
            f"{ORIGIN}{self.tenant}\n{self.size}\n{to_base64(self.frontier.root())}\n"
            f"at {self.at}\nlast {self.last.hex()}\nfirst-key {self.first_key}\ntree {tree}\n"
        )


def signed_note(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint with the checkpoint key's signature line."""
    text = checkpoint.text()
    marked = _key_hash(signer.public_key) + signer.sign(text.encode())
    return f"{text}\n{_DASH}{KEY_NAME} {to_base64(marked)}\n"


def read_note(note: str, *, public_key: bytes) -> Checkpoint:
    """The checkpoint that a note holds, after its signature was checked. Raises BadNote."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.startswith(_DASH):
        raise BadNote("it is not a signed note")
    if not any(_is_ours(line, text + "\n", public_key) for line in signatures.splitlines()):
        raise BadNote("its signature is not the checkpoint key's")
    try:
        checkpoint = _parsed(text.split("\n"))
    except (ValueError, KeyError) as error:
        raise BadNote(f"it cannot be read: {error}") from error
    if checkpoint.text() != text + "\n":
        raise BadNote("its root is not the root of its tree")
    return checkpoint


def verifier_key(public_key: bytes) -> str:
    """The public key in the form that signed-note tools take: name, hash and key."""
    return f"{KEY_NAME}+{_key_hash(public_key).hex()}+{to_base64(_ED25519 + public_key)}"


def _parsed(lines: list[str]) -> Checkpoint:
    origin, size, _root, *extensions = lines
    said = dict(line.split(" ", 1) for line in extensions)
    if not origin.startswith(ORIGIN):
        raise ValueError("another origin")
    subtrees = tuple(from_base64(part) for part in said["tree"].split(",") if part)
    frontier = Frontier(int(size), subtrees)
    if not frontier.is_whole():
        raise ValueError("its tree does not have its size")
    return Checkpoint(
        origin.removeprefix(ORIGIN), said["at"], bytes.fromhex(said["last"]), said["first-key"], frontier
    )


def _is_ours(line: str, text: str, public_key: bytes) -> bool:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        marked = from_base64(encoded)
    except ValueError:
        return False
    return (
        name == KEY_NAME
        and marked[:4] == _key_hash(public_key)
        and is_signed(text.encode(), marked[4:], public_key=public_key)
    )


def _key_hash(public_key: bytes) -> bytes:
    return hashlib.sha256(KEY_NAME.encode() + b"\n" + _ED25519 + public_key).digest()[:4]
