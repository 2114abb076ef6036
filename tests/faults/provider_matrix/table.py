"""What came of the matrix as a page: for each provider a table of faults and steps."""

from collections import Counter
from collections.abc import Mapping

from tests.faults.provider_matrix.cells import Cell, cells
from tests.faults.provider_matrix.faults import FAULTS, ONLY_LASTING
from tests.faults.provider_matrix.playing import Played

HEAD = """# Faults of providers

Each fault of each provider at each step of the sagas that asks it, as `python -m tests.faults.provider_matrix`
played it against the simulators (and a real Radicale) over HTTP and SMTP. A fault begins with the first request of the
step and passes with it (the first word), or lasts for whoever asks until nobody tries any more (the second).

- **retried**: asked again until it worked; all is as if nothing had happened.
- **fails closed**: nothing was confirmed (or moved): the time is free (the old one stands), what was begun was taken
  back, the client was told.
- **healed**: the step failed for good, the team was told, and once the provider was well the automation mended it.
- **told**: the step failed for good and the team was told; a person has to act.
- – was not played; a word in bold is a cell that broke.

In every cell, looked at while the fault lasts, when it is over and when the booking is cancelled: confirmed only with a
link that was proven for that time; never two events or two meetings; nothing left behind that no incident names; every
mail, notice and text arrived no more often than it is counted; each failed step has its incident; the ledger verifies.

What providers tell us by themselves (a calendar that changed, a text that arrived) may come twice, out of order or
never: `tests/providers/calendars/test_google_following.py`, `test_microsoft_following.py` and
`tests/providers/sms/test_texts.py`.
"""


def page(played: Mapping[Cell, Played]) -> str:
    """Return the Markdown page."""
    parts = [HEAD, _faults(), _sum(played)]
    for provider in dict.fromkeys(cell.provider for cell in played):
        parts.append(
            _table(provider, {cell: each for cell, each in played.items() if cell.provider == provider})
        )
    return "\n".join(parts)


def _faults() -> str:
    rows = "\n".join(f"| {fault} | {means} |" for fault, means in FAULTS.items())
    return f"| fault | what the provider does |\n|---|---|\n{rows}\n"


def _sum(played: Mapping[Cell, Played]) -> str:
    counted = Counter(each.outcome for each in played.values())
    said = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
    broken = sum(bool(each.broken) for each in played.values())
    return f"{len(played)} of {len(cells())} cells were played: {said}; {broken} broken.\n"


def _table(provider: str, played: Mapping[Cell, Played]) -> str:
    steps = list(dict.fromkeys((cell.saga, cell.step) for cell in played))
    head = "".join(f" {saga}: {step.replace('_', ' ')} |" for saga, step in steps)
    lines = [f"## {provider}\n", f"| |{head}", f"|---|{'---|' * len(steps)}"]
    for fault in dict.fromkeys(cell.fault for cell in played):
        said = "".join(f" {_said(provider, saga, step, fault, played)} |" for saga, step in steps)
        lines.append(f"| {fault} |{said}")
    return "\n".join(lines) + "\n"


def _said(provider: str, saga: str, step: str, fault: str, played: Mapping[Cell, Played]) -> str:
    words = []
    for lasts in (True,) if fault in ONLY_LASTING else (False, True):
        each = played.get(Cell(provider, saga, step, fault, lasts))
        words.append("–" if each is None else f"**{each.outcome}**" if each.broken else each.outcome)
    return " → ".join(words)
