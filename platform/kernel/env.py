"""Readers of the environment that fail loudly and name the variable."""

import os
from pathlib import Path

from kernel.errors import Misconfigured


def text(name: str, default: str | None = None) -> str:
    """Return the variable; without a default a missing one raises `Misconfigured`."""
    value = os.environ.get(name, default)
    if value is None:
        raise Misconfigured(f"{name} is not set. Set it in the environment, or start with bin/run.")
    return value


def integer(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        raise Misconfigured(f"{name} must be a whole number, not {value!r}.") from None


def flag(name: str, *, default: bool) -> bool:
    """Return the variable as yes or no: on/off, yes/no, true/false, 1/0."""
    value = os.environ.get(name)
    if value is None:
        return default
    match value.strip().lower():
        case "on" | "yes" | "true" | "1":
            return True
        case "off" | "no" | "false" | "0" | "":
            return False
    raise Misconfigured(f"{name} must be on or off, not {value!r}.")


def words(name: str) -> tuple[str, ...]:
    """Return a comma-separated variable as a tuple; missing or empty gives ()."""
    return tuple(word.strip() for word in os.environ.get(name, "").split(",") if word.strip())


def secret(name: str, default: str | None = None) -> str:
    """Return a secret from NAME, or from the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path and name not in os.environ:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise Misconfigured(
                f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from None
    return text(name, default)
