"""A pytest plugin of the runner's: the tests stop at once unless the code that they import is the copy's."""

from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "kernel",
    "jobs",
    "accounts",
    "holdfast",
    "audit",
    "tenants",
    "providers",
    "booking",
    "portal",
    "tests",
)


def pytest_sessionstart() -> None:
    """Refuse to test another tree than the one that this plugin lies in."""
    for name in PACKAGES:
        place = import_module(name).__file__
        if place is None or not Path(place).resolve().is_relative_to(ROOT):
            raise RuntimeError(f"{name} was imported from {place}, not from {ROOT}")
