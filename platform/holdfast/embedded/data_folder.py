"""The folder that holds everything of an installation: its default, its lock, its secret files."""

import fcntl
import os
import secrets
from pathlib import Path

from holdfast.embedded.refusal import StartRefused


def default_data_folder() -> Path:
    """Return HOLDFAST_DATA, or /var/lib/holdfast for root, or ~/.local/share/holdfast.

    Root's PostgreSQL runs as another user, who cannot reach anything below /root.
    """
    named = os.environ.get("HOLDFAST_DATA")
    if named:
        return Path(named).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/holdfast")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "holdfast"


def make_data_folder(path: Path) -> None:
    """Create the folder (0700; as root 0711, so that PostgreSQL's user reaches its own part of it).

    Only the folder itself gets a mode; its parents keep theirs. Raises `StartRefused` if it cannot be used.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if path.stat().st_uid == os.geteuid():
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for part in ("keys", "logs"):
            (path / part).mkdir(mode=0o700, exist_ok=True)
        probe = path / "keys" / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartRefused(
            f"The data folder {path} cannot be written: {error.strerror}. Name another with --data."
        ) from None


class DataFolderLock:
    """Exclusive use of a data folder; the kernel drops it with the process, whatever death it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock, or raise `StartRefused` naming the process that holds it."""
        descriptor = os.open(self._path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StartRefused(
                f"The data folder {self._path} is in use by process {holder}: stop it, or name another."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the folder back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def secret_file(data: Path, name: str, *, value: str | None = None) -> Path:
    """Return `<data>/keys/<name>`, made once with mode 0600 holding `value` or 32 random characters."""
    path = data / "keys" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value if value is not None else secrets.token_urlsafe(24))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    return path
