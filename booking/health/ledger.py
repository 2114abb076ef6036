"""Does the ledger verify? Every five minutes what came after the last checkpoint, once a day all of it."""

from audit.api import Outcome, verify_ledger, verify_recent
from booking.health.findings import Asked, Finding, Probe, State
from kernel.tenancy import current_schema

_STATES: dict[Outcome, State] = {Outcome.OK: "ok", Outcome.TAMPERED: "bad", Outcome.UNCHECKED: "unknown"}
_COST = "Somebody rewrote the record, or it was damaged: what ran can no longer be proven from there on."


def check(asked: Asked) -> list[Finding]:
    """Verify; costs O(entries since the checkpoint), thorough: O(all)."""
    schema = current_schema()
    report = (verify_ledger if asked.thorough else verify_recent)(schema, now=asked.now)
    state = _STATES[report.outcome]
    return [Finding(state, f"{report.words[:1].upper()}{report.words[1:]}.", _COST if state == "bad" else "")]


PROBE = Probe("ledger", "The ledger verifies", check)
