"""A seeded sample of the matrix of providers' faults (the whole of it: `python -m tests.faults.provider_matrix`)."""

import random

import pytest

from tests.database import World
from tests.faults.provider_matrix.cells import Cell, cells
from tests.faults.provider_matrix.playing import play
from tests.faults.provider_matrix.sides import SIDES

pytestmark = pytest.mark.slow
SEED = 20261127
EACH = 2
MENDED = [  # what the matrix found
    Cell("Google Calendar", "move", "write_calendar_event", "fails", lasts=True),
    Cell("Google Calendar", "cancellation", "delete_calendar_event", "rubbish", lasts=False),
    Cell("CalDAV", "move", "write_calendar_event", "rubbish", lasts=False),
    Cell("Mail (SMTP)", "booking", "send_confirmation", "rubbish", lasts=False),
    Cell("Jitsi", "booking", "verify_link", "rubbish", lasts=False),
    Cell("Discord", "booking", "notify_webhooks", "rubbish", lasts=True),
    Cell("Twilio", "booking", "send_text", "rubbish", lasts=False),
]


def _sample() -> list[Cell]:
    """Some cells of each provider, of different faults, and those that were broken once."""
    chance = random.Random(SEED)
    chosen = list(MENDED)
    for side in SIDES:
        of_side = [cell for cell in cells() if cell.provider == side.name]
        for fault in chance.sample(side.faults, EACH):
            chosen.append(chance.choice([cell for cell in of_side if cell.fault == fault]))
    return list(dict.fromkeys(chosen))


@pytest.mark.parametrize("cell", _sample(), ids=lambda cell: " ".join(str(cell).split()))
def test_a_fault_of_a_provider_ends_as_promised(world: World, cell: Cell) -> None:
    assert play(cell, world).broken == ()
