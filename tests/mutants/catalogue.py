"""Every mutant, promise by promise. A new guard gets a mutant: a test that stays green tests nothing."""

from tests.mutants.confirming import EVERYONE_TOLD, NO_CLASH, PROVEN_LINK
from tests.mutants.keeping import OWN_PARTS, SIGNED, WORKFLOWS
from tests.mutants.kinds import EVERY_KIND
from tests.mutants.rules import RULES
from tests.mutants.taking import DOUBLE_BOOKING, SLOT_FIRST

MUTANTS = (
    *DOUBLE_BOOKING,
    *EVERY_KIND,
    *SLOT_FIRST,
    *PROVEN_LINK,
    *EVERYONE_TOLD,
    *NO_CLASH,
    *RULES,
    *WORKFLOWS,
    *SIGNED,
    *OWN_PARTS,
)
