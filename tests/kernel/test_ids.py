"""Identifiers: their length, their letters, and that two are never alike."""

import re

from kernel.ids import new_schema_name, new_uid


def test_a_uid_has_twenty_letters_without_look_alikes() -> None:
    made = [new_uid() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch(r"[a-km-np-z2-9]{20}", uid) for uid in made)
    assert set("".join(made)) == set("abcdefghijkmnpqrstuvwxyz23456789")


def test_a_schema_name_is_what_the_tenants_constraint_wants() -> None:
    assert all(re.fullmatch(r"t_[a-z0-9]{16}", new_schema_name()) for _ in range(200))
