"""Whether an embedded database is already as this code wants it, so that a second start takes seconds."""

import hashlib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_PATTERNS = ("*/migrations/*.py", "*/sql/**/*.sql", "platform/*/migrations/*.py", "platform/*/sql/**/*.sql")
_MORE = ("uv.lock", "platform/holdfast/settings.py", "platform/holdfast/demo*.py", "tenants/*.py")


def wanted_fingerprint(*, demo: bool) -> str:
    """Return a digest of all that shapes the database: migrations, SQL, locked packages, the demo's content."""
    digest = hashlib.sha256(f"demo={demo}".encode())
    found = {path for pattern in (*_PATTERNS, *_MORE) for path in _ROOT.glob(pattern)}
    for path in sorted(found):
        digest.update(str(path.relative_to(_ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_migrated(data: Path, fingerprint: str) -> bool:
    """Return True if the cluster in this data folder was brought to this very fingerprint before."""
    file = _file(data)
    return file.exists() and file.read_text() == fingerprint


def keep_fingerprint(data: Path, fingerprint: str) -> None:
    """Remember it; it lies beside the cluster, so both are restored or lost together."""
    _file(data).write_text(fingerprint)


def _file(data: Path) -> Path:
    return data / "postgres" / "migrated"
