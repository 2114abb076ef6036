"""The growing tree against RFC 6962's own recursive definition."""

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.ledger.merkle import EMPTY_ROOT, Frontier


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.lists(st.binary(max_size=4), max_size=70))
def test_root_is_that_of_the_definition_at_every_size(leaves: list[bytes]) -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for size, leaf in enumerate(leaves, start=1):
        frontier = frontier.add(leaf)
        assert frontier.size == size
        assert frontier.is_whole()
        assert frontier.root() == by_definition(leaves[:size])
