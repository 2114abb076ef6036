"""`python -m tests.faults.provider_matrix [--provider NAME] [--fault NAME] [--step NAME] [--part 1/2] [--write FILE]`

plays every cell, one line each as it goes, and prints (or writes) the page at the end; exit status 1 if a cell broke.
"""

import argparse
import json
import logging
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Start a server, play the cells that were asked for, print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.provider_matrix", description=__doc__)
    for name in ("provider", "fault", "step"):
        parser.add_argument(f"--{name}", default="", help="only cells whose name contains this")
    parser.add_argument("--part", default="1/1", help="every n-th cell, so that several can run at once")
    parser.add_argument("--keep", type=Path, help="write each cell down there, and play none again")
    parser.add_argument("--write", type=Path, help="write the page there")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from tests.faults.provider_matrix.cells import cells
    from tests.faults.provider_matrix.table import page

    part, parts = map(int, options.part.split("/"))
    wanted = [
        cell for cell in cells()
        if options.provider.lower() in cell.provider.lower()
        and options.fault in cell.fault
        and options.step in f"{cell.saga} {cell.step}"
    ][part - 1 :: parts]  # fmt: skip
    if not wanted:
        parser.error(
            "no cell is named so; steps are named as the runner names them, such as write_calendar_event"
        )
    played = _played(wanted, options.keep)
    if options.write:
        options.write.write_text(page(played))
    else:
        print(page(played))
    return int(any(each.broken for each in played.values()))


def _played(wanted: list["Cell"], keep: Path | None) -> dict["Cell", "Played"]:  # noqa: F821  imported when Django stands
    from django.db import connections

    from holdfast.embedded.postgres import EmbeddedPostgres
    from tests.conftest import roomy_folder
    from tests.database import make_template

    known = _kept(keep)
    folder = roomy_folder() / f"holdfast-faults-{os.getpid()}"
    server = EmbeddedPostgres(folder, durable=False)
    server.start()
    try:
        make_template(server)
        for cell in wanted:
            if cell in known and not known[cell].broken:
                continue
            known[cell] = _one(cell, server)
            if keep:
                with keep.open("a") as lines:
                    print(json.dumps([asdict(cell), asdict(known[cell])]), file=lines)
    finally:
        connections.close_all()
        server.stop()
        shutil.rmtree(folder)
    return {cell: known[cell] for cell in wanted}


def _kept(file: Path | None) -> dict["Cell", "Played"]:  # noqa: F821  imported when Django stands
    """Return what earlier runs wrote down, of each cell the latest."""
    from tests.faults.provider_matrix.cells import Cell
    from tests.faults.provider_matrix.playing import Played

    lines = file.read_text().splitlines() if file and file.exists() else []
    return {
        Cell(**cell): Played(**{**played, "broken": tuple(played["broken"])})
        for cell, played in map(json.loads, lines)
    }


def _one(cell: "Cell", server: "EmbeddedPostgres") -> "Played":  # noqa: F821  imported when Django stands
    from tests.database import clone, drop
    from tests.faults.provider_matrix.playing import Played, play

    world = clone(server)
    try:
        played = play(cell, world)
    except Exception as error:  # the other cells are played all the same
        played = Played("raised", (f"{type(error).__name__}: {error}",), 0.0, 0)
    finally:
        drop(world)
    print(f"{cell} {played.outcome:12} {played.seconds:5.1f} s, {played.met} met", flush=True)
    for sentence in played.broken:
        print(f"    BROKEN {sentence}", flush=True)
    return played


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
