"""Which build of the product this is: a digest of its source, so that a deploy is noticed without being told."""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("audit", "booking", "platform", "portal", "providers", "tenants")


@cache
def build_id() -> str:
    """Return twelve hex digits over all Python and SQL files of the product; read once per process."""
    digest = hashlib.sha256()
    files = (
        path
        for package in _PACKAGES
        for path in (_ROOT / package).rglob("*")
        if path.suffix in (".py", ".sql")
    )
    for path in sorted(files):
        digest.update(str(path.relative_to(_ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
