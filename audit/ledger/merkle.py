"""The Merkle tree of RFC 6962, section 2.1, grown one leaf at a time. No Django here.

A `Frontier` holds only the roots of the perfect subtrees on the right edge (at most 64 hashes), so that a
tree of any size grows in O(1) per leaf and gives its root in O(log n).
"""

import hashlib
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True)
class Frontier:
    """`size` leaves so far; `subtrees` are the roots of the perfect subtrees, largest first."""

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def add(self, entry: bytes) -> "Frontier":
        """The tree with one more leaf, whose data is `entry`."""
        grown = leaf(entry)
        subtrees = list(self.subtrees)
        filled = self.size
        while filled & 1:
            grown = node(subtrees.pop(), grown)
            filled >>= 1
        return Frontier(self.size + 1, (*subtrees, grown))

    def root(self) -> bytes:
        """The tree's root hash, 32 bytes."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for subtree in reversed(self.subtrees[:-1]):
            root = node(subtree, root)
        return root

    def is_whole(self) -> bool:
        """Whether there are as many subtrees as the size has bits set."""
        return self.size.bit_count() == len(self.subtrees)


def leaf(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()
