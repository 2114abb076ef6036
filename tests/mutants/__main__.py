"""bin/holdfast-mutants [--only NAME]... [--list]: make each mutant in a copy of the tree and see its test go red.

First the tests run on the copy as it is: they must be green. Then each mutant: its one test must fail, by an
assertion and not for a broken set-up. Prints a Markdown table; exit status 1 if a mutant survives, is stale or
breaks the run instead of the promise.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant, StaleMutant
from tests.mutants.running import Outcome, copied_tree, run_mutant, run_tests

HEAD = "| mutant | promise | what is wrong then | test | red? | seconds | the test's first words |"


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="bin/holdfast-mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [mutant.name for mutant in MUTANTS]
    parser.add_argument(
        "--only", action="append", default=[], choices=names, metavar="NAME", help="just this one"
    )
    parser.add_argument("--list", action="store_true", help="name the mutants and run nothing")
    options = parser.parse_args(list(arguments))
    chosen = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.promise}  {mutant.name}: {mutant.what}")
        return 0
    with copied_tree() as copy:
        green = run_tests(copy, sorted({mutant.test for mutant in chosen}))
        if green.verdict != "passed":
            print(f"The tests are not green without any mutant: {green.words}")
            return 1
        print(
            f"Without a mutant all are green ({green.seconds:.0f} s).\n\n{HEAD}\n|---|---|---|---|---|---|---|",
            flush=True,
        )
        survived = 0
        for mutant in chosen:
            try:
                outcome = run_mutant(copy, mutant)
            except StaleMutant as stale:
                outcome = Outcome("stale", str(stale), 0)
            survived += outcome.verdict != "failed"
            print(_row(mutant, outcome), flush=True)
    print(f"\n{len(chosen) - survived} of {len(chosen)} mutants turned their test red.")
    return int(survived > 0)


def _row(mutant: Mutant, outcome: Outcome) -> str:
    red = "red" if outcome.verdict == "failed" else f"**{outcome.verdict}**"
    words = outcome.words.replace("|", "\\|").replace("\n", " ")
    test = mutant.test.partition("::")[2]
    cells = [
        f"`{mutant.name}`",
        str(mutant.promise),
        mutant.what,
        f"`{test}`",
        red,
        f"{outcome.seconds:.0f}",
        words,
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
