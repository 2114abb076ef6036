"""A ledger as the lines of a file: entries, keys, and personal values opened; written here and read back. No Django."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.ledger.canonical import SALT_BYTES, commitment, from_base64, to_base64
from audit.verification.core import KeyRow, Row

_BYTES = ("body", "hash", "signature", "prev")


class BadLine(ValueError):
    """A line of the file is not in its form."""


def entry_line(row: Row) -> str:
    """Return one entry as a line of JSON: the columns as they are, the four binary ones in base64."""
    columns = {name: to_base64(held) if name in _BYTES else held for name, held in vars(row).items()}
    return json.dumps(columns, ensure_ascii=False)


def entry_of(line: str) -> Row:
    """Return the entry that a line holds. Raises BadLine."""
    try:
        columns: dict[str, Any] = json.loads(line)
        return Row(**columns | {name: from_base64(columns[name]) for name in _BYTES})
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(f"an entry cannot be read: {error}") from error


def keys_text(keys: Sequence[KeyRow], *, head: tuple[int, bytes]) -> str:
    """Return the public keys and the end of the chain as JSON."""
    said = [{**vars(key), "public_key": to_base64(key.public_key)} for key in keys]
    return json.dumps({"head": {"seq": head[0], "hash": to_base64(head[1])}, "keys": said}, indent=1)


def keys_of(text: str) -> tuple[list[KeyRow], tuple[int, bytes]]:
    """Return the public keys and the end of the chain. Raises BadLine."""
    try:
        said = json.loads(text)
        keys = [KeyRow(**{**key, "public_key": from_base64(key["public_key"])}) for key in said["keys"]]
        return keys, (int(said["head"]["seq"]), from_base64(said["head"]["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(f"the keys cannot be read: {error}") from error


def opened_line(seq: int, values: Mapping[str, bytes] | None) -> str:
    """Return an entry's personal values, each behind its salt, as a line of JSON; None says that they were erased."""
    said = None if values is None else {name: _behind_salt(held) for name, held in values.items()}
    return json.dumps({"seq": seq, "values": said}, ensure_ascii=False)


def _behind_salt(held: bytes) -> dict[str, str]:
    return {"salt": to_base64(held[:SALT_BYTES]), "value": held[SALT_BYTES:].decode()}


def number_of(line: str) -> int:
    """Return the number of the entry that an opened line speaks of. Raises BadLine."""
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(f"a personal value cannot be read: {error}") from error


def is_as_committed(line: str, body: Mapping[str, Any]) -> bool:
    """Say whether an opened line holds exactly what the entry's signed body committed to; erased is in order."""
    try:
        values = json.loads(line)["values"]
        if values is None:
            return True
        found = {
            name: to_base64(commitment(from_base64(each["salt"]) + each["value"].encode()))
            for name, each in values.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return found == {name: each["commit"] for name, each in body["personal"].items()}
