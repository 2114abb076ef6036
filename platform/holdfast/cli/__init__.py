"""The command line of Holdfast: `bin/run` is `up`, `bin/holdfast` is all of it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.cli import drill, operator, taking_away
from holdfast.cli.up import add_arguments, up
from holdfast.embedded.data_folder import default_data_folder
from holdfast.embedded.refusal import StartRefused

_OPERATORS: dict[str, Callable[[argparse.Namespace, Path], int]] = {
    "migrate": operator.migrate,
    "found": operator.found,
    "seed-demo": operator.seed_demo,
    "sandbox": operator.sandbox,
    "verify": operator.verify,
    "reseal": operator.reseal,
    "bounce": operator.bounce,
    "export": taking_away.export,
    "drill": drill.drill,
    "psql": operator.psql,
}
_TAKE_MORE = ("migrate", "sandbox", "verify", "reseal", "psql")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a `StartRefused` becomes one line on stderr and exit status 1."""
    options = _parse(list(sys.argv[1:] if arguments is None else arguments))
    data = options.data.absolute() if options.data else default_data_folder()
    try:
        if options.command == "up":
            return up(options, data)
        if options.command == "verify" and options.file:
            return taking_away.verify_file(options)
        return _OPERATORS[options.command](options, data)
    except StartRefused as error:
        sys.stdout.flush()
        print(f"holdfast: {error}", file=sys.stderr)
        return 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="holdfast", description="Scheduling that a business owns.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    first = commands.add_parser("up", help="start everything and keep it running (what bin/run does)")
    add_arguments(first)
    _add_data(first)
    for name, function in _OPERATORS.items():
        text = (function.__doc__ or "").split("\n")[0]
        command = commands.add_parser(name, help=text, description=text)
        _add_data(command)
        if name == "found":
            operator.add_found_arguments(command)
        if name == "drill":
            drill.add_arguments(command)
        if name == "verify":
            taking_away.add_verify_arguments(command)
        if name == "export":
            taking_away.add_export_arguments(command)
        if name == "psql":
            command.add_argument(
                "--as", dest="role", choices=("superuser", "owner", "app"), help="the database role"
            )
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in _TAKE_MORE:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    options.rest = rest
    return options


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the data folder (or HOLDFAST_DATA)")
