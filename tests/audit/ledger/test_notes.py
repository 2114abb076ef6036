"""Checkpoints as signed notes: what is read back, and what is refused."""

import re

import pytest

from audit.ledger.merkle import Frontier
from audit.ledger.notes import BadNote, Checkpoint, read_note, signed_note, verifier_key
from audit.ledger.signing import new_seed, signer

KEY = signer(new_seed())


def checkpoint(size: int = 5, tenant: str = "t_one") -> Checkpoint:
    frontier = Frontier()
    for number in range(size):
        frontier = frontier.add(bytes([number]))
    return Checkpoint(tenant, "2026-03-02T10:00:00.000000Z", bytes(32), "0" * 32, frontier)


@pytest.mark.parametrize("size", [0, 1, 5, 64, 100])
def test_note_gives_back_the_checkpoint(size: int) -> None:
    one = checkpoint(size)
    assert read_note(signed_note(one, KEY), public_key=KEY.public_key) == one


def test_note_has_the_form_of_c2sp() -> None:
    lines = signed_note(checkpoint(), KEY).split("\n")
    assert lines[0] == "holdfast/t_one"
    assert lines[1] == "5"
    assert lines[7] == ""
    assert re.fullmatch(r"— holdfast-checkpoint [A-Za-z0-9+/]{91}=", lines[8])
    assert re.fullmatch(r"holdfast-checkpoint\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}", verifier_key(KEY.public_key))


@pytest.mark.parametrize("line", range(7))
def test_one_changed_line_breaks_the_signature(line: int) -> None:
    lines = signed_note(checkpoint(), KEY).split("\n")
    lines[line] = lines[line][:-1] + ("1" if lines[line][-1] != "1" else "2")
    with pytest.raises(BadNote, match="its signature is not the checkpoint key's"):
        read_note("\n".join(lines), public_key=KEY.public_key)


def test_another_key_is_refused() -> None:
    with pytest.raises(BadNote, match="its signature is not the checkpoint key's"):
        read_note(signed_note(checkpoint(), signer(new_seed())), public_key=KEY.public_key)


@pytest.mark.parametrize("rubbish", ["", "x", "a\n\nb", "\n\n— "])
def test_what_is_no_note_is_refused(rubbish: str) -> None:
    with pytest.raises(BadNote):
        read_note(rubbish, public_key=KEY.public_key)
