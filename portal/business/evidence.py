"""The signed entries of a run as a page shows them, read from the signed bytes, not the columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.api import Entry, RunView, body_of_entry, entries


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signed fact: its place in the chain, what it says, its signature. Hashes and signature in hex."""

    seq: int
    action: str
    created_at: datetime
    actor: str
    payload: Mapping[str, Any]
    personal: tuple[str, ...]
    key_id: str
    previous: str
    digest: str
    signature: str
    reverses: int | None


def evidence_of(run: RunView) -> tuple[Evidence, ...]:
    """Return the entries of `run`, oldest first; one query."""
    return tuple(_evidence(entry) for entry in entries(subject=run.subject) if entry.run_id == run.id)


def _evidence(entry: Entry) -> Evidence:
    body = body_of_entry(entry)
    actor = body["actor"]
    behalf = f" for {actor['on_behalf_of']}" if actor.get("on_behalf_of") else ""
    return Evidence(
        seq=int(body["seq"]),
        action=body["action"],
        created_at=entry.created_at,
        actor=f"{actor['type']} {actor['id']}{behalf}",
        payload=body["payload"],
        personal=tuple(body["personal"]),
        key_id=body["kid"],
        previous=body["prev"],
        digest=bytes(entry.hash).hex(),
        signature=bytes(entry.signature).hex(),
        reverses=int(body["reverses"]) if body.get("reverses") else None,
    )
