"""Reading entries: what the signed bytes say, never what the columns beside them say."""

import json
from typing import Any

from audit.models import Entry, Head
from kernel.errors import HoldfastError


class EntryNotFound(HoldfastError):
    """There is no entry with this number."""

    code = "not_found"


def get_entry(seq: int) -> Entry:
    """One entry of the current tenant. Raises EntryNotFound."""
    try:
        return Entry.objects.get(seq=seq)
    except Entry.DoesNotExist as error:
        raise EntryNotFound(f"The ledger has no entry {seq}.") from error


def entries(*, subject: str) -> list[Entry]:
    """Every entry about `subject`, oldest first."""
    return list(Entry.objects.filter(subject=subject).order_by("seq"))


def body_of_entry(entry: Entry) -> dict[str, Any]:
    """The entry's signed JSON (docs/ledger.md), 64-bit numbers as decimal strings."""
    body: dict[str, Any] = json.loads(bytes(entry.body))
    return body


def ledger_head() -> tuple[int, str]:
    """Return the number of the current tenant's last entry and its hash in hex; (0, …) before the first."""
    head = Head.objects.get(pk=1)
    return head.seq, bytes(head.hash).hex()
