"""What is sealed with a tenant's data key, and where: so that all of it can be sealed again with another one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

Again = Callable[[bytes, str], bytes]
"""Takes a blob and its associated data, and returns it sealed with the new key."""


@dataclass(frozen=True)
class Sealed:
    """One kind of secret; `reseal` passes every one of the current tenant through `Again`, and counts them."""

    name: str
    reseal: Callable[[Again], int]


_kinds: dict[str, Sealed] = {}


def register_sealed(kind: Sealed) -> None:
    """Say that such secrets exist. Their app does, at start-up."""
    _kinds[kind.name] = kind


def kinds_of_sealed() -> tuple[Sealed, ...]:
    """Return all kinds, by name."""
    return tuple(_kinds[name] for name in sorted(_kinds))


def sealed_column(name: str, model: type[Model], field: str, place: Callable[[Any], str]) -> Sealed:
    """Return the kind that one binary column holds; `place` gives a row's associated data. Empty is no secret."""

    def reseal(again: Again) -> int:
        rows = model._default_manager.exclude(**{field: b""}).select_for_update().order_by("pk")
        for row in rows:
            model._default_manager.filter(pk=row.pk).update(
                **{field: again(bytes(getattr(row, field)), place(row))}
            )
        return len(rows)

    return Sealed(name, reseal)
