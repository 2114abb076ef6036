"""An entry before it is signed: who, what, on what; and the JSON body it becomes. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from audit.ledger.canonical import ALGORITHM, VERSION, Json, exact

ActorType = Literal["client", "user", "staff", "automation", "api_key"]
Reversible = Literal["full", "partial", "none"]


@dataclass(frozen=True)
class Actor:
    """Who acts: a kind and an id (never a name or an address), and for whom, where that is someone else."""

    type: ActorType
    id: str
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class Draft:
    """What a transaction wants to say. `personal` is in clear, here only, until the flush encrypts it."""

    action: str
    subject: str
    actor: Actor
    payload: Mapping[str, Json]
    personal: Mapping[str, str] = field(default_factory=dict, repr=False)
    person: str | None = None
    run_id: int | None = None
    step_id: int | None = None
    reverses: int | None = None
    reversible: Reversible = "full"
    because: str = ""


@dataclass(frozen=True)
class Place:
    """Where an entry stands: what the locked head says, all of it signed."""

    tenant: str
    seq: int
    prev: bytes
    at: str
    xid: str
    kid: str


@dataclass(frozen=True)
class Sealed:
    """One personal value in the ledger: ciphertext under the person's key, and a salted commitment to it."""

    cipher: str
    commit: str


def body_of(draft: Draft, *, place: Place, personal: Mapping[str, Sealed]) -> dict[str, Json]:
    """The JSON that is signed; 64-bit numbers are decimal strings (docs/ledger.md lists every field).

    Raises NotCanonical when the payload is not JSON.
    """
    actor = draft.actor
    return {
        "v": VERSION,
        "alg": ALGORITHM,
        "kid": place.kid,
        "tenant": place.tenant,
        "seq": str(place.seq),
        "prev": place.prev.hex(),
        "ts": place.at,
        "xid": place.xid,
        "actor": {"type": actor.type, "id": actor.id, "on_behalf_of": actor.on_behalf_of},
        "action": draft.action,
        "subject": draft.subject,
        "payload": exact(draft.payload),
        "person": draft.person,
        "personal": {
            name: {"cipher": value.cipher, "commit": value.commit} for name, value in personal.items()
        },
        "run": _decimal(draft.run_id),
        "step": _decimal(draft.step_id),
        "reverses": _decimal(draft.reverses),
        "reversible": draft.reversible,
        "because": draft.because,
    }


def check_draft(draft: Draft) -> None:
    """Refuse what could not be signed or would leak, at once and not at the commit. Raises ValueError."""
    exact(draft.payload)
    for name in ("action", "subject", "because"):
        exact(getattr(draft, name), path=name)
    if not draft.action or not draft.subject:
        raise ValueError("An entry needs an action and a subject.")
    if draft.personal and not draft.person:
        raise ValueError("Personal data in an entry needs the person whose key encrypts it.")
    if any(not isinstance(value, str) for value in draft.personal.values()):
        raise ValueError("Personal data in an entry is text.")


def _decimal(number: Any) -> str | None:
    return None if number is None else str(int(number))
