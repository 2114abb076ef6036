"""Sealing all of a tenant's secrets again: a fresh data key, and every key wrapped by the key-encryption key now set.

The key-encryption key before stands in HOLDFAST_KEK_OLD until all tenants are done; then it opens nothing any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from audit.ledger import keys
from audit.ledger.entries import Actor
from audit.ledger.personal import key_place
from audit.ledger.recording import record
from audit.models import DataKey, PersonKey, SigningKey
from kernel import crypto
from kernel.sealed import Again, kinds_of_sealed

OPERATOR = Actor("automation", "operator")


@dataclass(frozen=True)
class Resealed:
    """What was sealed again, by kind, and the data keys before and after, for `reseal_late`."""

    counts: dict[str, int]
    former: bytes
    fresh: bytes


def is_resealed() -> bool:
    """Say whether the current tenant's keys are all wrapped by the key-encryption key now set. Two queries."""
    wrapped = [bytes(key) for key in DataKey.objects.values_list("wrapped_key", flat=True)]
    wrapped += [bytes(key) for key in SigningKey.objects.values_list("wrapped_private_key", flat=True)]
    return all(crypto.is_made_with(bytes(settings.HOLDFAST_KEK), blob) for blob in wrapped)


def reseal() -> Resealed:
    """Seal everything of the current tenant again, in one transaction, signed. As the owner.

    Whoever wants the data key waits meanwhile. Raises CannotOpen, KeyMissing; then nothing was changed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE audit_data_key IN ACCESS EXCLUSIVE MODE")
        former, fresh = keys.data_key(), crypto.new_key()
        again = _Resealer(former, fresh)
        counts = dict(_resealed(again))
        counts["keys of people"] = _persons(again)
        DataKey.objects.update(wrapped_key=crypto.wrap(fresh, aad=keys.DATA_KEY_PLACE))
        counts["signing keys"] = _signing_keys()
        keys.forget_data_key()
        record(
            "reseal_secrets",
            subject="ledger",
            actor=OPERATOR,
            payload={"key": crypto.key_id(bytes(settings.HOLDFAST_KEK)).hex(), "counts": dict(counts)},
            reversible="none",
            because="The former data key is gone; nothing that people see has changed.",
        )
    return Resealed(counts, former, fresh)


def reseal_late(done: Resealed) -> int:
    """Seal again what a process that still knew the former data key wrote while `reseal` ran; return how many."""
    with transaction.atomic():
        again = _Resealer(done.former, done.fresh)
        for _ in _resealed(again):
            pass
    return again.changed


class _Resealer:
    """Seals again what the former key made, and leaves alone what the fresh one did."""

    def __init__(self, former: bytes, fresh: bytes) -> None:
        self._former, self._fresh = former, fresh
        self.changed = 0

    def __call__(self, blob: bytes, aad: str) -> bytes:
        if crypto.is_made_with(self._fresh, blob):
            return blob
        self.changed += 1
        return crypto.seal_with(self._fresh, crypto.open_with(self._former, blob, aad=aad), aad=aad)


def _resealed(again: Again) -> Iterator[tuple[str, int]]:
    for kind in kinds_of_sealed():
        yield kind.name, kind.reseal(again)


def _persons(again: Again) -> int:
    rows = list(PersonKey.objects.select_for_update().order_by("person"))
    for row in rows:
        row.wrapped_key = again(bytes(row.wrapped_key), key_place(row.person))
    PersonKey.objects.bulk_update(rows, ["wrapped_key"], batch_size=500)
    return len(rows)


def _signing_keys() -> int:
    rows = list(SigningKey.objects.select_for_update().order_by("kid"))
    for row in rows:
        place = keys.signing_place(row.kid)
        seed = crypto.unwrap(bytes(row.wrapped_private_key), aad=place)
        SigningKey.objects.filter(pk=row.pk).update(wrapped_private_key=crypto.wrap(seed, aad=place))
    return len(rows)
